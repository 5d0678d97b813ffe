"""The memory of an agent: what its reports take, and when windows end early or nothing more is taken in."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from rohe_iac.agent import memory
from rohe_iac.agent.memory import HIGH_SHARE, MemoryBudget, give_back, memory_limit, resident_bytes
from rohe_iac.blueprint.linked.memory_figures import CHECKPOINT_SHARE, MEBIBYTE, PROCESS_BYTES, WAITING_BYTES
from rohe_iac.observation.holdings import Holdings

LIMIT = 128 * MEBIBYTE


def holding(reports: int) -> Holdings:
    return Holdings(waiting=0, windows=reports, finished=0, window_bytes=reports * WAITING_BYTES)


@pytest.fixture
def resident(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Returns a function that sets the bytes that this process seems to take; at first none."""

    def set_bytes(number: int) -> None:
        monkeypatch.setattr(memory, "resident_bytes", lambda: number)

    set_bytes(0)
    return set_bytes


@pytest.mark.usefixtures("resident")
def test_windows_end_early_before_the_limit_is_reached() -> None:
    budget = MemoryBudget(LIMIT)
    fits = int((LIMIT - PROCESS_BYTES) / (1 + CHECKPOINT_SHARE) / WAITING_BYTES)
    assert not budget.is_short(holding(fits - 1))
    assert budget.is_short(holding(fits + 1))
    assert not budget.is_full(holding(fits + 1))
    assert budget.is_full(holding(int(1.5 * fits)))


def test_windows_end_early_where_the_process_is_larger_than_its_reports(resident: Callable[[int], None]) -> None:
    budget = MemoryBudget(LIMIT)
    fits = int((LIMIT - PROCESS_BYTES) / (1 + CHECKPOINT_SHARE) / WAITING_BYTES)
    resident(int(HIGH_SHARE * LIMIT) + 1)
    assert budget.is_short(holding(fits // 2))
    assert not budget.is_short(holding(fits // 5)), "ending so few reports early would free nothing"
    resident(int(HIGH_SHARE * LIMIT) - 1)
    assert not budget.is_short(holding(fits // 2))


def test_without_a_limit_nothing_is_short() -> None:
    assert not MemoryBudget(0).is_short(holding(10**9))
    assert not MemoryBudget(0).is_full(holding(10**9))


def test_larger_reports_take_more() -> None:
    budget = MemoryBudget(LIMIT)
    waiting = Holdings(waiting=1, windows=0, finished=0)
    before = budget.bytes_of(waiting)
    for _ in range(1000):
        budget.learn(4000)
    assert budget.bytes_of(waiting) > 5 * before


@pytest.mark.parametrize(
    ("line", "file"),
    [("9:memory:/a/b", "memory/a/b/memory.limit_in_bytes"), ("0::/a/b", "a/b/memory.max")],
)
def test_the_limit_is_that_of_the_control_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, file: str
) -> None:
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(f"{LIMIT}\n")
    (tmp_path / "cgroup").write_text(f"{line}\n")
    monkeypatch.setattr(memory, "CGROUPS", tmp_path)
    monkeypatch.setattr(memory, "OWN_CGROUPS", tmp_path / "cgroup")
    assert memory_limit() == LIMIT
    assert memory_limit(LIMIT // 4) == LIMIT - LIMIT // 4, "user functions are in the same group"
    assert memory_limit(2 * LIMIT) == PROCESS_BYTES, "the process has what it needs itself"


def test_the_resident_memory_is_that_of_this_process() -> None:
    give_back()
    assert 0 < resident_bytes() <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 * 2
