"""Memory of an agent: its limit, what its reports take of it, and when reports have to be let go.

The kernel ends a process that goes beyond its limit, and a restart replays what led there. So an agent counts what it
keeps, at the cost that it has after a restart, and keeps within its limit whatever arrives.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import resource
import time
from pathlib import Path

from rohe_iac.agent.intake.batch import IntakeBatch
from rohe_iac.agent.intake.gaps import GAP_BYTES, MAX_GAPS
from rohe_iac.blueprint.linked.memory_figures import (
    CHECKPOINT_SHARE,
    FINISHED_BYTES,
    PROCESS_BYTES,
    REPORT_SIZE,
    WAITING_BYTES,
)
from rohe_iac.foundation.quantities import shown_bytes
from rohe_iac.observation.holdings import Holdings
from rohe_iac.sinks.observer_input import InputKind, ObserverInput

LOG = logging.getLogger("rohe.agent")

REMEDIES: dict[str, str] = {
    InputKind.FOLD: "less is kept of the reports in windows",
    InputKind.SHED: "windows end early",
}
"""Inputs by which an observer frees memory, which are also what is counted, and what they do as people read it."""

UNLIMITED = 2**60
"""Bytes from which on a limit of a control group is none."""

MIN_BUDGET = 4 * 2**20
"""Bytes for reports that an agent uses under any limit."""

HIGH_SHARE = 0.9
"""Share of the limit of resident memory from which on reports are let go."""

SPARE_SHARE = 0.125
"""Share of what reports take that has to be spare, so that keeping less of them helps and no window has to end."""

GAP_SHARE = 0.25
"""Share of what reports may take that gaps of sequence numbers may take, half of it before there are shares of them."""

SMOOTHING = 0.01
"""Weight of one report in the mean size of reports."""

GARBAGE_THRESHOLDS = (50_000, 20, 50)
"""New objects between two searches for cycles, and after how many searches older ones are searched too."""

WARNING_INTERVAL = 10.0
"""Seconds between two warnings of too little memory, at least."""

CGROUPS = Path("/sys/fs/cgroup")
"""Where the kernel shows control groups."""

OWN_CGROUPS = Path("/proc/self/cgroup")
"""Where the kernel lists the control groups of this process."""


def memory_limit(functions: int = 0) -> int:
    """Returns the smallest limit of this process's memory in bytes, of control groups or resources; 0 without any.

    Args:
        functions: Bytes that processes of user functions may have, which are in the same control groups.
    """
    limits = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    with contextlib.suppress(OSError, ValueError):
        for line in OWN_CGROUPS.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers == "":
                files = [CGROUPS / path.lstrip("/") / "memory.max", CGROUPS / "memory.max"]
            elif "memory" in controllers.split(","):
                files = [
                    CGROUPS / "memory" / path.lstrip("/") / "memory.limit_in_bytes",
                    CGROUPS / "memory" / "memory.limit_in_bytes",
                ]
            else:
                continue
            for file in files:
                with contextlib.suppress(OSError, ValueError):
                    group_limit = int(file.read_text())
                    limits.append(max(group_limit - functions, min(group_limit, PROCESS_BYTES)))
    return min((limit for limit in limits if 0 < limit < UNLIMITED), default=0)


class MemoryBudget:
    """Compares what an observer keeps with what the limit leaves for it.

    Attributes:
        limit: Limit of the process in bytes, without what user functions may have; 0 without any.
        gaps: Gaps of the sequence numbers that are remembered.
        shed: How often windows ended early.
        folded: How often less was kept of the reports in windows.
    """

    def __init__(self, limit: int) -> None:
        """Begins with the usual size of reports."""
        self.limit = limit
        self.shed = self.folded = self.gaps = 0
        self._warned_at = 0.0
        self._mean_size = float(REPORT_SIZE)

    @property
    def for_reports(self) -> float:
        """Returns the bytes that reports may take, with a checkpoint of them being written."""
        return max(MIN_BUDGET, (self.limit - PROCESS_BYTES) / (1 + CHECKPOINT_SHARE))

    @property
    def max_gaps(self) -> int:
        """Returns from how many gaps on each client has a share of them, which `GapLedger` exceeds less than twice."""
        return min(MAX_GAPS, int(self.for_reports * GAP_SHARE / 2 / GAP_BYTES)) if self.limit else MAX_GAPS

    def learn(self, size: int) -> None:
        """Takes the size of a report into account, in bytes."""
        self._mean_size += SMOOTHING * (size - self._mean_size)

    def bytes_of(self, holdings: Holdings) -> float:
        """Returns the bytes that an observer's holdings take, and gaps."""
        # A number takes four times the memory of its text, counted in the two places that a sample has it in.
        waiting_bytes = WAITING_BYTES + 4 * max(0.0, self._mean_size - REPORT_SIZE)
        held = holdings.waiting * waiting_bytes + holdings.window_bytes + holdings.finished * FINISHED_BYTES
        return held + self.gaps * GAP_BYTES

    def to_builtins(self, holdings: Holdings) -> dict[str, int]:
        """Returns the limit, what reports take of it and may take, in bytes, and how often which remedy was taken."""
        held, budget = int(self.bytes_of(holdings)), int(self.for_reports) if self.limit else 0
        return {
            "limit": self.limit, "reports": held, "budget": budget, "gaps": self.gaps,
            "folded": self.folded, "shed": self.shed,
        }  # fmt: skip

    def is_short(self, holdings: Holdings) -> bool:
        """Checks whether reports take more memory than they may, so that less is kept of them or windows end early."""
        if not self.limit:
            return False
        held = self.bytes_of(holdings)
        return held > self.for_reports or (
            held > self.for_reports / 4 and holdings.windows > 0 and resident_bytes() > HIGH_SHARE * self.limit
        )

    def remedy(self, holdings: Holdings, spare: int) -> InputKind:
        """Returns the input by which a short memory is freed: `fold` where that is enough for a while, else `shed`.

        Args:
            holdings: What the observer keeps.
            spare: Bytes that it would free by keeping less of the reports in windows.
        """
        return InputKind.FOLD if spare > SPARE_SHARE * self.bytes_of(holdings) else InputKind.SHED

    def is_full(self, holdings: Holdings) -> bool:
        """Checks whether reports that wait for others fill the memory, so that no more can be taken in."""
        return bool(self.limit) and self.bytes_of(holdings) > (1 + CHECKPOINT_SHARE) * self.for_reports

    def relieve(self, batch: IntakeBatch, holdings: Holdings, spare: int) -> bool:
        """Has the observer free memory where it is short; returns whether the next turn may take messages in.

        Args:
            batch: Batch that is committed next; the input by which the observer frees memory becomes its first.
            holdings: What the observer keeps.
            spare: Bytes that it would free by keeping less of the reports in windows.
        """
        if self.is_short(holdings):
            remedy = self.remedy(holdings, spare)
            monotonic = time.monotonic()
            if self.shed + self.folded == 0 or monotonic - self._warned_at > WARNING_INTERVAL:
                self._warned_at = monotonic
                LOG.warning(
                    "%s of memory are too little for %d reports in windows and %d that wait: %s",
                    shown_bytes(self.limit), holdings.windows, holdings.waiting, REMEDIES[remedy],
                )  # fmt: skip
            self.shed += remedy is InputKind.SHED
            self.folded += remedy is InputKind.FOLD
            batch.prepend(ObserverInput(remedy, batch.now))
            batch.count(remedy)
        return not self.is_full(holdings)


def resident_bytes() -> int:
    """Returns the resident memory of this process in bytes; 0 where the system does not say."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    return 0


def search_garbage_rarely() -> None:
    """Has Python search for cycles of objects less often, and not among those that there are by now.

    An agent makes objects all the time and few cycles; the searches took a fifth of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def give_back() -> None:
    """Gives freed memory back to the system, where the C library can."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
