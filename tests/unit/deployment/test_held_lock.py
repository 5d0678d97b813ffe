"""A lock that may be lost: who works under it is told once, and the command ends with 8."""

from __future__ import annotations

import pytest

from rohe_iac.deployment.held_lock import HeldLock, LockLost
from rohe_iac.foundation.errors import ExitCode


def test_a_loss_is_told_once_with_its_first_reason() -> None:
    lock, calls = HeldLock(), []
    lock.check()
    with lock.on_loss(lambda: calls.append(1)):
        lock.lose("taken over")
        lock.lose("again")
    assert (calls, lock.lost) == ([1], "taken over")
    with pytest.raises(LockLost) as raised:
        lock.check()
    assert (raised.value.detail, raised.value.exit_code) == ("taken over", ExitCode.LOCKED)


def test_who_begins_after_the_loss_is_told_at_once_and_who_has_ended_is_not() -> None:
    lock, calls = HeldLock(), []
    with lock.on_loss(lambda: calls.append("ended")):
        pass
    lock.lose("taken over")
    assert calls == []
    with lock.on_loss(lambda: calls.append("late")):
        assert calls == ["late"]
