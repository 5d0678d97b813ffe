"""Claims about the stack's lock: one holder, named to the others, released by the kernel."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rohe_iac.deployment.files.lock import Locked, stack_lock
from rohe_iac.foundation.errors import ExitCode
from rohe_iac.foundation.folders import StackFolder


class _Clock:
    """Time that passes by sleeping only."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> float:
        return 1_790_000_000.0 + self.passed

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StackFolder:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return StackFolder.of("tests", "desk")


def test_a_held_lock_is_refused_with_who_holds_it_and_why(folder: StackFolder) -> None:
    with (
        stack_lock(folder, "rohe apply desk"),
        pytest.raises(Locked) as refused,
        stack_lock(folder, "rohe destroy desk"),
    ):
        raise AssertionError("locked twice")
    assert f"(pid {os.getpid()})" in refused.value.brief
    assert "rohe apply desk" in refused.value.brief
    assert refused.value.exit_code is ExitCode.LOCKED


def test_waiting_for_it_ends_after_the_patience_given(folder: StackFolder) -> None:
    clock = _Clock()
    with stack_lock(folder, "one"), pytest.raises(Locked), stack_lock(folder, "two", patience=60.0, clock=clock):
        raise AssertionError("locked twice")
    assert 60.0 <= clock.passed < 61.0


def test_it_is_free_again_afterwards_and_after_its_file_was_removed_while_held(folder: StackFolder) -> None:
    with stack_lock(folder, "destroy"):
        folder.lock.unlink()
        with stack_lock(folder, "the next one, on a file of its own"):
            pass
    with stack_lock(folder, "again"):
        assert folder.lock.exists()
