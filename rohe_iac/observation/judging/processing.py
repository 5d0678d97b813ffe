"""Processing: user functions that are run on every closed window of reports."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from rohe_iac.observation.contract import ProcessingSpec
from rohe_iac.observation.judging.outcome import Result
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.observation.measuring.measure import LaneSpec, Measure, SampleStream
from rohe_iac.observation.measuring.user_function import UserFunction, load_user_function
from rohe_iac.observation.measuring.windows import ClosedWindow, Windower, WindowState
from rohe_iac.observation.reports.sample import Sample, number_of, value_of

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
        """Continues from `state`, or begins without any memory; the function is loaded when it is first run.

        Args:
            contract: Name of the contract.
            spec: Function, parser, options and windows.
            state: State to continue from.
        """
        self._contract, self._spec = contract, spec
        self.state = state if state is not None else ProcessorState(window=WindowState())
        self.windower = Windower(spec.window, self.state.window)
        self._function: UserFunction | None = None
        self._parser: UserFunction | None = None

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
            measurements = self._load_function()(self._rows(samples), **self._spec.options)
            numbers = {str(name): number_of(value) for name, value in dict(measurements).items()}
        except Exception as error:  # noqa: BLE001
            # The function is the user's code and may raise anything; a failure is counted against it alone.
            self.state.consecutive_failures += 1
            self.state.total_failures += 1
            self.state.last_error = f"{type(error).__name__}: {error}"
            return {}
        self.state.consecutive_failures = 0
        prefix = self._spec.function.partition(":")[2]
        return {
            f"{prefix}.{name}": number
            for name, number in numbers.items()
            if number is not None and math.isfinite(number)
        }

    def _rows(self, samples: Sequence[Sample]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        parser = self._load_parser()
        for sample in samples:
            row = {"time": sample.time, "request": sample.request, **_origin_of(sample), **sample.values}
            parsed = parser(row) if parser is not None else row
            rows += [dict(parsed_row) for parsed_row in parsed] if isinstance(parsed, list | tuple) else [dict(parsed)]
        features = self._spec.features
        return [row for row in rows if all(number_of(row.get(name)) is not None for name in features)]

    def _load_function(self) -> Callable[..., Any]:
        if self._function is None:
            self._function = load_user_function(self._spec.function)
        return self._function.function

    def _load_parser(self) -> Callable[..., Any] | None:
        if self._parser is None and self._spec.parser:
            self._parser = load_user_function(self._spec.parser)
        return self._parser.function if self._parser is not None else None


def _origin_of(sample: Sample) -> dict[str, Any]:
    return {name: value_of(sample, name) for name in ("service", "member", "instance", "node")}
