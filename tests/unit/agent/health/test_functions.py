"""Functions: which of them go on failing or skip windows, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.agent.health.functions import function_health, function_warnings
from rohe_iac.observation.contract import ProcessingSpec, WindowSpec
from rohe_iac.observation.judging.processing import Processor, ProcessorState
from rohe_iac.observation.measuring.windows import WindowState


def processor(**state: Any) -> Processor:
    spec = ProcessingSpec(function="mine.py:mean", window=WindowSpec(size_count=2, every_count=2))
    return Processor("c", spec, ProcessorState(window=WindowState(), **state))


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({"skipped": 3, "skipped_at": 900.0}, ""),
        ({"consecutive_failures": 1, "total_failures": 1, "last_error": "KeyError: 'x'"}, ""),
        ({"skipped": 1200, "skipped_at": 990.0}, "does not keep up with its windows: 1,200 windows skipped so far"),
        (
            {"consecutive_failures": 4, "last_error": "KeyError: 'x'", "paused_until": 1006.0, "skipped": 1},
            "failed 4 times in a row, and is not called for 6 s: KeyError: 'x'; 1 window skipped so far",
        ),
    ],
)
def test_a_function_that_goes_on_failing_or_does_not_keep_up_is_a_warning(state: dict[str, Any], text: str) -> None:
    warnings = [(one.kind, one.text) for one in function_warnings(function_health([processor(**state)]), 1000.0)]
    assert warnings == ([("function", f"user function mine.py:mean of contract c {text}")] if text else [])


def test_what_is_known_of_a_function_is_its_health() -> None:
    [found] = function_health([processor(total_failures=5, consecutive_failures=2, skipped=7, last_error="x")])
    assert (found.function, found.contract, found.waiting) == ("mine.py:mean", "c", 0)
    assert (found.failed, found.failures, found.skipped, found.why) == (5, 2, 7, "x")
