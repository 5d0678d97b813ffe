"""Processing: user modules that are run on every closed window of reports."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from rohe_iac.observation.contract import ProcessingSpec
from rohe_iac.observation.judging.outcome import Result
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.observation.measuring.user_function import UserFunction, load_user_function
from rohe_iac.observation.measuring.windows import Window, Windower, WindowState
from rohe_iac.observation.reports.sample import Sample, found, number_of

MOST_FAILURES = 5
"""Failures in a row after which a module is not called any more."""


class ProcessorState(msgspec.Struct, kw_only=True):
    """What a processor remembers. failures: in a row; why: what the last one was."""

    window: WindowState
    failures: int = 0
    failed: int = 0
    why: str = ""


class Processor:
    """Runs one user function (and parser) of a contract on the windows of its pipeline's reports."""

    def __init__(self, contract: str, spec: ProcessingSpec, state: ProcessorState | None = None) -> None:
        self._contract, self._spec = contract, spec
        self.state = state if state is not None else ProcessorState(window=WindowState())
        self._windower = Windower(spec.window, self.state.window)
        self._function: UserFunction | None = None
        self._parser: UserFunction | None = None

    def begin(self, now: float) -> None:
        """Spans by time begin."""
        self._windower.begin(now)

    def feed(self, sample: Sample) -> Iterator[Result]:
        """Results of the windows that the sample closes."""
        return self._run(self._windower.feed(sample))

    def advance(self, watermark: float) -> Iterator[Result]:
        """Results of the windows that the watermark closes."""
        return self._run(self._windower.advance(watermark))

    def _run(self, windows: Iterable[Window]) -> Iterator[Result]:
        for window in windows:
            for name, value in sorted(self._measured(window).items()):
                yield Result(
                    contract=self._contract,
                    objective=name,
                    start=window.start,
                    end=window.end,
                    value=value,
                    count=len(window.samples),
                    window=Verdict.UNKNOWN,
                    verdict=Verdict.UNKNOWN,
                    number=window.number,
                )

    def _measured(self, window: Window) -> dict[str, float]:
        if self.state.failures >= MOST_FAILURES or not window.samples:
            return {}
        try:
            given = self._function_now()(self._rows(window.samples), **self._spec.options)
            numbers = {str(name): number_of(value) for name, value in dict(given).items()}
        except Exception as error:  # noqa: BLE001
            # A user's module may raise anything; it is counted, and the circuit is broken for this module only.
            self.state.failures += 1
            self.state.failed += 1
            self.state.why = f"{type(error).__name__}: {error}"
            return {}
        self.state.failures = 0
        prefix = self._spec.function.partition(":")[2]
        return {
            f"{prefix}.{name}": number
            for name, number in numbers.items()
            if number is not None and math.isfinite(number)
        }

    def _rows(self, samples: Sequence[Sample]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        parser = self._parser_now()
        for sample in samples:
            row = {"time": sample.time, "request": sample.request, **_who(sample), **sample.values}
            parsed = parser(row) if parser is not None else row
            rows += [dict(item) for item in parsed] if isinstance(parsed, list | tuple) else [dict(parsed)]
        features = self._spec.features
        return [row for row in rows if all(number_of(row.get(name)) is not None for name in features)]

    def _function_now(self) -> Callable[..., Any]:
        if self._function is None:
            self._function = load_user_function(self._spec.function)
        return self._function.function

    def _parser_now(self) -> Callable[..., Any] | None:
        if self._parser is None and self._spec.parser:
            self._parser = load_user_function(self._spec.parser)
        return self._parser.function if self._parser is not None else None


def _who(sample: Sample) -> dict[str, Any]:
    return {name: found(sample, name) for name in ("service", "member", "instance", "node")}
