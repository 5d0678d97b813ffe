"""Processing: user functions that are run on every closed window of reports."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from rohe_iac.observation.contract import ProcessingSpec
from rohe_iac.observation.judging.outcome import Result
from rohe_iac.observation.judging.user_process import FunctionFailed, UserProcess
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.observation.measuring.measure import LaneSpec, Measure, SampleStream
from rohe_iac.observation.measuring.windows import ClosedWindow, Windower, WindowState
from rohe_iac.observation.reports.sample import Sample, value_of

LOG = logging.getLogger("rohe.observation")

MAX_CONSECUTIVE_FAILURES = 5
"""Failures in a row after which a user function is no longer called."""


class ProcessorState(msgspec.Struct, kw_only=True):
    """Everything that a processor remembers.

    Attributes:
        window: State of the windower.
        consecutive_failures: Failures since the last success.
        total_failures: Failures in all.
        last_error: Type and message of the last failure.
    """

    window: WindowState
    consecutive_failures: int = msgspec.field(default=0, name="failures")
    total_failures: int = msgspec.field(default=0, name="failed")
    last_error: str = msgspec.field(default="", name="why")


class Processor:
    """Runs one user function, and its parser, on the windows of a pipeline's reports.

    A function that goes on failing is no longer called (circuit breaker); other functions are not affected.

    Attributes:
        state: What the processor remembers.
        windower: Windows that the function is run on.
    """

    def __init__(self, contract: str, spec: ProcessingSpec, state: ProcessorState | None = None) -> None:
        """Continues from `state`, or begins without any memory; the function's process is started when it is first run.

        Args:
            contract: Name of the contract.
            spec: Function, parser, options and windows.
            state: State to continue from.
        """
        self._contract, self._spec = contract, spec
        self.state = state if state is not None else ProcessorState(window=WindowState())
        self.windower = Windower(spec.window, self.state.window)
        self._process = UserProcess(spec)

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

    def run(self, window: ClosedWindow) -> Iterator[Result]:
        """Yields the results of a closed window."""
        samples = window.samples.samples
        for name, value in sorted(self._measure(samples).items()):
            yield Result(
                contract=self._contract,
                objective=name,
                start=window.start,
                end=window.end,
                value=value,
                count=len(samples),
                window=Verdict.UNKNOWN,
                verdict=Verdict.UNKNOWN,
                number=window.number,
            )

    def _measure(self, samples: Sequence[Sample]) -> dict[str, float]:
        """Returns the finite numbers that the user function returns, by `FUNCTION.NAME`; none where it fails."""
        if self.state.consecutive_failures >= MAX_CONSECUTIVE_FAILURES or not samples:
            return {}
        try:
            numbers = self._process.call([_row_of(sample) for sample in samples])
        except FunctionFailed as error:
            self._count_failure(str(error))
            return {}
        self.state.consecutive_failures = 0
        prefix = self._spec.function.partition(":")[2]
        return {f"{prefix}.{name}": number for name, number in numbers.items() if math.isfinite(number)}

    def _count_failure(self, why: str) -> None:
        self.state.consecutive_failures += 1
        self.state.total_failures += 1
        self.state.last_error = why
        LOG.warning("user function %s of contract %s: %s", self._spec.function, self._contract, why)
        if self.state.consecutive_failures >= MAX_CONSECUTIVE_FAILURES:
            self._process.close()
            LOG.error(
                "user function %s of contract %s is no longer called: it failed %d times in a row",
                self._spec.function, self._contract, MAX_CONSECUTIVE_FAILURES,
            )  # fmt: skip


def _row_of(sample: Sample) -> dict[str, Any]:
    return {"time": sample.time, "request": sample.request, **_origin_of(sample), **sample.values}


def _origin_of(sample: Sample) -> dict[str, Any]:
    return {name: value_of(sample, name) for name in ("service", "member", "instance", "node")}
