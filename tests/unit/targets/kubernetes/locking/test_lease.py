"""The lease of a stack: one holder, named to others; one that a killed command left is taken over."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from stored_objects import StoredObjects

from rohe_iac.deployment.files.lock import Locked
from rohe_iac.deployment.held_lock import LockLost
from rohe_iac.foundation.errors import ExitCode
from rohe_iac.targets.kubernetes.locking.holder import LeaseHolder
from rohe_iac.targets.kubernetes.locking.lease import APPLIED_BY, PURPOSE, StackLease
from rohe_iac.targets.kubernetes.locking.renewal import DURATION
from rohe_iac.targets.kubernetes.object import PROJECT, ClusterObject


class HandClock:
    """A clock that only sleeping moves on."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.on_sleep: Callable[[], None] = lambda: None

    def now(self) -> float:
        return self.passed

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds
        self.on_sleep()


@pytest.fixture
def server() -> StoredObjects:
    return StoredObjects()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def lease(server: StoredObjects, clock: HandClock) -> StackLease:
    return StackLease(cast(Any, server), "edge", "shop", clock)


def note(sentence: str) -> None:
    """Takes a sentence that no test looks at."""


def held_elsewhere(server: StoredObjects, identity: str = "ann@pc-7:4711:9:place:abc") -> ClusterObject:
    found = server.add("Lease", "rohe-shop", "edge", annotations={PURPOSE: "rohe apply shop"})
    found.body["spec"] = {
        "holderIdentity": identity,
        "leaseDurationSeconds": DURATION,
        "acquireTime": "2026-01-02T03:04:05.000000Z",
        "renewTime": "2026-01-02T03:04:05.000000Z",
    }
    return found


def test_a_lease_is_held_and_given_back(server: StoredObjects, clock: HandClock) -> None:
    one = lease(server, clock)
    with one.held("rohe apply shop", 0, note):
        found = server.get(one.key)
        assert found is not None
        assert f"@{socket.gethostname()}:" in found.body["spec"]["holderIdentity"]
    assert server.get(one.key) is None


def test_the_lease_of_an_apply_stays_without_a_holder_and_says_who_it_was(
    server: StoredObjects, clock: HandClock
) -> None:
    with (one := lease(server, clock)).held("rohe apply shop", 0, note):
        one.mark_applied("market")
    left = server.get(one.key)
    assert left is not None
    assert "holderIdentity" not in left.body["spec"]
    assert left.annotations[APPLIED_BY].endswith(f"@{socket.gethostname()}")
    assert (left.annotations[PROJECT], PURPOSE in left.annotations) == ("market", False)
    with lease(server, clock).held("rohe destroy shop", 0, note):
        assert clock.passed == 0
    kept = server.get(one.key)
    assert kept is not None
    assert kept.annotations == left.annotations
    with (last := lease(server, clock)).held("rohe destroy shop", 0, note):
        last.end_with_stack()
    assert server.get(one.key) is None


def renewed(server: StoredObjects, clock: HandClock, every: float = 2) -> None:
    """Has the lease renewed by its holder while the clock moves on."""

    def renew() -> None:
        found = server.get(("coordination.k8s.io/v1", "Lease", "edge", "rohe-shop"))
        if found is not None and clock.passed % every == 0:
            found.body["spec"]["renewTime"] = f"{clock.passed}"

    clock.on_sleep = renew


def test_a_second_command_is_told_who_holds_it_as_soon_as_its_holder_is_seen_to_live(
    server: StoredObjects, clock: HandClock
) -> None:
    held_elsewhere(server)
    renewed(server, clock)
    with pytest.raises(Locked) as raised, lease(server, clock).held("rohe destroy shop", 0, note):
        pass
    assert raised.value.exit_code is ExitCode.LOCKED
    assert raised.value.brief == (
        "the stack is locked by `rohe apply shop` of ann on pc-7 (pid 4711), since 03:04:05 UTC"
    )
    assert clock.passed == 2


def test_a_lease_that_is_given_back_meanwhile_is_taken(server: StoredObjects, clock: HandClock) -> None:
    found = held_elsewhere(server)
    clock.on_sleep = lambda: server.delete(found) if clock.passed >= 3 else None
    with lease(server, clock).held("rohe destroy shop", 10, note):
        assert clock.passed == 3


def test_a_lease_that_nobody_renews_is_taken_over_without_any_patience_and_that_is_said(
    server: StoredObjects, clock: HandClock
) -> None:
    held_elsewhere(server)
    said: list[str] = []
    one = lease(server, clock)
    with one.held("rohe apply shop", 0, said.append):
        found = server.get(one.key)
        assert found is not None
        assert found.body["spec"]["leaseTransitions"] == 1
    assert DURATION < clock.passed <= DURATION + 2
    holder = "`rohe apply shop` of ann on pc-7 (pid 4711), since 03:04:05 UTC"
    assert said == [
        f"waiting: the stack is locked by {holder}; where that command was killed, its lock is taken over in 30s",
        f"the lock of {holder} was taken over: that command has ended without giving it back",
    ]


def test_a_lease_that_is_renewed_is_not_taken_over(server: StoredObjects, clock: HandClock) -> None:
    held_elsewhere(server)
    renewed(server, clock, every=10)
    with pytest.raises(Locked), lease(server, clock).held("rohe apply shop", 3 * DURATION, note):
        pass
    assert clock.passed == 3 * DURATION


@pytest.mark.parametrize(
    "spec",
    [
        None,
        {},
        {"holderIdentity": ""},
        {"holderIdentity": "other-tool", "leaseDurationSeconds": -1},
        {"holderIdentity": 5},
    ],
)
def test_a_lease_that_others_wrote_is_read_whatever_it_lacks(
    server: StoredObjects, clock: HandClock, spec: dict[str, Any] | None
) -> None:
    found = server.add("Lease", "rohe-shop", "edge")
    if spec is not None:
        found.body["spec"] = spec
    with lease(server, clock).held("rohe apply shop", 0, note):
        assert clock.passed <= DURATION + 2


def identity(pid: int, **changed: str) -> str:
    """Returns a holder as a process of this machine and these process ids names itself."""
    return replace(LeaseHolder.of_this_process(), pid=pid, **changed).identity


def test_a_lease_of_a_killed_process_of_this_machine_is_taken_over_at_once(
    server: StoredObjects, clock: HandClock
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    held_elsewhere(server, identity(ended.pid))
    with lease(server, clock).held("rohe apply shop", 0, note):
        assert clock.passed == 0


def test_a_process_of_this_machine_that_runs_keeps_its_lease_though_it_is_suspended(
    server: StoredObjects, clock: HandClock
) -> None:
    held_elsewhere(server, LeaseHolder.of_this_process().identity)
    with pytest.raises(Locked), lease(server, clock).held("rohe apply shop", 0, note):
        pass
    assert clock.passed == 0


def test_a_process_id_of_another_machine_of_this_name_says_nothing(server: StoredObjects, clock: HandClock) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    held_elsewhere(server, identity(ended.pid, place="elsewhere"))
    renewed(server, clock)
    with pytest.raises(Locked), lease(server, clock).held("rohe apply shop", 0, note):
        pass


def test_a_lease_is_renewed_by_its_holder_alone(server: StoredObjects, clock: HandClock) -> None:
    one = lease(server, clock)
    with one.held("rohe apply shop", 0, note):
        before = server.get(one.key)
        assert before is not None
        one.renew("rohe apply shop")
        after = server.get(one.key)
        assert after is not None
        assert after.body["spec"]["renewTime"] > before.body["spec"]["renewTime"]
        assert after.body["spec"]["acquireTime"] == before.body["spec"]["acquireTime"]
        server.delete(after)
        one.renew("rohe apply shop")
        assert server.get(one.key) is not None


def test_who_has_lost_the_lease_is_ended_with_8_and_leaves_it_to_the_other(
    server: StoredObjects, clock: HandClock
) -> None:
    one = lease(server, clock)
    with pytest.raises(LockLost) as raised, one.held("rohe apply shop", 0, note):
        held_elsewhere(server)
    assert raised.value.exit_code is ExitCode.LOCKED
    assert "was taken over by `rohe apply shop` of ann on pc-7 (pid 4711)" in raised.value.detail
    left = server.get(one.key)
    assert left is not None
    assert left.body["spec"]["holderIdentity"].startswith("ann@")


def _fail_after_the_loss(one: StackLease) -> None:
    with one.held("rohe apply shop", 0, note) as held:
        held.lose("it was taken over")
        raise RuntimeError("the engine was stopped")


def test_what_fails_after_the_loss_is_told_as_the_loss(server: StoredObjects, clock: HandClock) -> None:
    with pytest.raises(LockLost, match="was lost"):
        _fail_after_the_loss(lease(server, clock))
