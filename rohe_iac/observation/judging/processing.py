"""Processing: user functions that are run on every closed window of reports.

An observer does not run them: it keeps the windows that wait as open calls, which are part of its state, and is told
what came of each. So no function holds up what else is observed, and a replay of the inputs gives the same results.
"""

from __future__ import annotations

import logging
import math
from typing import Any

import msgspec

from rohe_iac.foundation.quantities import counted
from rohe_iac.observation.contract import ProcessingSpec
from rohe_iac.observation.judging.outcome import Result
from rohe_iac.observation.judging.user_program import FunctionAnswer
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.observation.measuring.measure import LaneSpec, Measure, SampleStream
from rohe_iac.observation.measuring.windows import ClosedWindow, Windower, WindowState
from rohe_iac.observation.reports.sample import Sample, value_of

LOG = logging.getLogger("rohe.observation")

MAX_CALLS = 128
"""Windows of one function that wait, at most; the turns of a busy agent close some ten at once."""

MAX_CALL_BYTES = 2 * 2**20
"""Bytes of waiting windows of one function from which on no further one waits; one window waits whatever its size."""

MAX_PAUSE = 600.0
"""Seconds for which a function that goes on failing is not called, at most."""

TELLING_SECONDS = 60.0
"""Seconds between two lines of the log about windows of one function that are skipped, at least."""


class OpenCall(msgspec.Struct, frozen=True):
    """A closed window for which the function has not answered.

    Attributes:
        number: Number of the window.
        start: Start of the window (seconds since the epoch).
        end: End of the window (seconds since the epoch).
        count: How many reports it has.
        rows: The reports as a list of mappings in MessagePack.
    """

    number: int
    start: float
    end: float
    count: int
    rows: bytes

    @property
    def window(self) -> tuple[int, float]:
        """Returns which window it is, equal whenever the window is computed again."""
        return self.number, self.end


class ProcessorState(msgspec.Struct, kw_only=True):
    """Everything that a processor remembers; times are seconds since the epoch, by the clock of arrivals.

    Attributes:
        window: State of the windower.
        consecutive_failures: Failures since the last success.
        total_failures: Failures in all.
        last_error: Type and message of the last failure.
        calls: Windows that wait for an answer, in order.
        paused_until: Until when the function is not called, because it went on failing; 0 for not.
        skipped: Windows that the function was not called for.
        skipped_at: When the last of them was skipped; 0 for never.
    """

    window: WindowState
    consecutive_failures: int = msgspec.field(default=0, name="failures")
    total_failures: int = msgspec.field(default=0, name="failed")
    last_error: str = msgspec.field(default="", name="why")
    calls: list[OpenCall] = []
    paused_until: float = msgspec.field(default=0.0, name="until")
    skipped: int = 0
    skipped_at: float = 0.0


def pause_after(failures: int) -> float:
    """Returns the seconds for which a function is not called after so many failures in a row: none after the first."""
    return min(MAX_PAUSE, 2.0 ** min(failures - 1, 30)) if failures > 1 else 0.0


class Processor:
    """Makes calls of one user function, with its parser, from the windows of a pipeline's reports.

    A function that goes on failing is called ever more rarely; other functions are not affected.

    Attributes:
        contract: Name of the contract.
        spec: Function, parser, options and windows.
        state: What the processor remembers.
        windower: Windows that the function is run on.
    """

    def __init__(self, contract: str, spec: ProcessingSpec, state: ProcessorState | None = None) -> None:
        """Continues from `state`, or begins without any memory.

        Args:
            contract: Name of the contract.
            spec: Function, parser, options and windows.
            state: State to continue from.
        """
        self.contract, self.spec = contract, spec
        self.state = state if state is not None else ProcessorState(window=WindowState())
        self.windower = Windower(spec.window, self.state.window)
        self._told_at, self._told = -math.inf, self.state.skipped

    @property
    def lane(self) -> LaneSpec:
        """Returns which samples the function is run on: the reports of all clients."""
        return LaneSpec(SampleStream.REPORTS)

    @property
    def needs_records(self) -> bool:
        """Returns whether samples themselves are looked at, and not only what is read from them."""
        return True

    @property
    def measure(self) -> Measure | None:
        """Returns how samples are measured; None for a function that reads them itself."""
        return None

    def begin(self, now: float) -> None:
        """Starts windows by time at `now` (seconds since the epoch)."""
        self.windower.begin(now)

    def take(self, window: ClosedWindow, now: float) -> None:
        """Has a window that closed at `now` (seconds since the epoch) wait for the function, or skips it.

        It is skipped while as much waits as may, and while the function is not called.
        """
        samples, state = window.samples.samples, self.state
        if not samples:
            return
        # Where the clock was set back, no pause is longer than the longest.
        paused = now < state.paused_until <= now + MAX_PAUSE
        if paused or len(state.calls) >= MAX_CALLS or self.waiting_bytes >= MAX_CALL_BYTES:
            self._skip(1, now)
            return
        rows = msgspec.msgpack.encode([_row_of(sample) for sample in samples])
        state.calls.append(OpenCall(window.number, window.start, window.end, len(samples), rows))

    @property
    def waiting_bytes(self) -> int:
        """Returns the bytes of the windows that wait."""
        return sum(len(call.rows) for call in self.state.calls)

    def answer(self, window: tuple[int, float], answer: FunctionAnswer, now: float) -> list[Result]:
        """Takes what came of a window at `now` (seconds since the epoch), and returns its results: the finite numbers.

        What came of a window that does not wait any more is left out.
        """
        state = self.state
        call = next((call for call in state.calls if call.window == window), None)
        if call is None:
            return []
        state.calls.remove(call)
        if answer.failure:
            self._count_failure(answer.failure, now)
            return []
        state.consecutive_failures, state.paused_until = 0, 0.0
        prefix = self.spec.function.partition(":")[2]
        numbers = {f"{prefix}.{name}": value for name, value in answer.numbers.items() if math.isfinite(value)}
        return [
            Result(
                contract=self.contract,
                objective=name,
                start=call.start,
                end=call.end,
                value=value,
                count=call.count,
                window=Verdict.UNKNOWN,
                verdict=Verdict.UNKNOWN,
                number=call.number,
            )
            for name, value in sorted(numbers.items())
        ]

    def shed(self, now: float) -> None:
        """Frees memory at `now` (seconds since the epoch): of the windows that wait the oldest alone is kept."""
        self._drop(self.state.calls[1:], now)

    def _count_failure(self, why: str, now: float) -> None:
        state = self.state
        state.consecutive_failures += 1
        state.total_failures += 1
        state.last_error = why
        if not (pause := pause_after(state.consecutive_failures)):
            LOG.warning("user function %s of contract %s: %s", self.spec.function, self.contract, why)
            return
        state.paused_until = now + pause
        LOG.warning(
            "user function %s of contract %s: %s; it failed %d times in a row, and is not called for %g s",
            self.spec.function, self.contract, why, state.consecutive_failures, pause,
        )  # fmt: skip
        self._drop(state.calls[:], now)

    def _drop(self, calls: list[OpenCall], now: float) -> None:
        for call in calls:
            self.state.calls.remove(call)
        self._skip(len(calls), now)

    def _skip(self, windows: int, now: float) -> None:
        state = self.state
        if not windows:
            return
        state.skipped += windows
        state.skipped_at = now
        if abs(now - self._told_at) >= TELLING_SECONDS:
            LOG.warning(
                "user function %s of contract %s: %s skipped, because %s",
                self.spec.function, self.contract, counted(state.skipped - self._told, "window"),
                "it goes on failing" if state.consecutive_failures > 1 else "it does not keep up",
            )  # fmt: skip
            self._told_at, self._told = now, state.skipped


def _row_of(sample: Sample) -> dict[str, Any]:
    return {"time": sample.time, "request": sample.request, **_origin_of(sample), **sample.values}


def _origin_of(sample: Sample) -> dict[str, Any]:
    return {name: value_of(sample, name) for name in ("service", "member", "instance", "node")}
