"""Which replacements stop a service, and for how long, as people read it."""

from __future__ import annotations

import pytest

from rohe_iac.usecases.plans.comparison.replacement import (
    BESIDE,
    MOVED,
    STOP_FIRST,
    Replacement,
    interrupted,
    replacements,
)


def _replaced(instance: str, way: str = STOP_FIRST, workload: str = "service/c:detect") -> Replacement:
    return Replacement(f"replica/c:detect/{instance[-1]}", instance, workload, way, 30, None)


RUNNING = {"detect-0": "service/c:detect", "detect-1": "service/c:detect", "store-0": "service/c:store"}


@pytest.mark.parametrize(
    ("found", "stopped"),
    [
        ([_replaced("detect-0")], []),
        ([_replaced("detect-0"), _replaced("detect-1", MOVED)], ["service/c:detect"]),
        ([_replaced("detect-0"), _replaced("detect-1", BESIDE)], []),
        ([_replaced("agent-0", workload="agent/c")], []),
        ([_replaced("broken-0", workload="service/c:broken")], []),
    ],
)
def test_a_service_is_interrupted_where_all_of_it_that_runs_stops(found: list[Replacement], stopped: list[str]) -> None:
    assert list(interrupted(found, RUNNING)) == stopped


def test_the_words_say_for_how_long_a_replica_is_down_and_what_is_unknown() -> None:
    assert str(_replaced("detect-0")) == "stop first: down for up to 30 s to stop and its start, how long is unknown"
    moved = Replacement("replica/c:detect/0", "detect-0", "service/c:detect", MOVED, 10, 60)
    assert str(moved) == "stop first, then moved: down for up to 10 s to stop and up to 60 s to start"
    assert str(_replaced("detect-0", BESIDE)) == "beside: the old pod serves until the new one is ready"


def test_nothing_is_replaced_where_nothing_is_applied() -> None:
    assert replacements(None, None) == ()  # type: ignore[arg-type]
