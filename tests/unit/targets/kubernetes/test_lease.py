"""The lease of a stack: one holder, named to others; one that a killed command left is taken over."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any, cast

import pytest
from stored_objects import StoredObjects

from rohe_iac.deployment.files.lock import Locked
from rohe_iac.foundation.errors import ExitCode
from rohe_iac.targets.kubernetes.lease import APPLIED_BY, DURATION, PURPOSE, StackLease
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


def held_elsewhere(server: StoredObjects, identity: str = "ann@pc-7:4711:abc") -> ClusterObject:
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
    with one.held("rohe apply shop", 0):
        found = server.get(one.key)
        assert found is not None
        assert f"@{socket.gethostname()}:" in found.body["spec"]["holderIdentity"]
    assert server.get(one.key) is None


def test_the_lease_of_an_apply_stays_without_a_holder_and_says_who_it_was(
    server: StoredObjects, clock: HandClock
) -> None:
    with (one := lease(server, clock)).held("rohe apply shop", 0):
        one.mark_applied("market")
    left = server.get(one.key)
    assert left is not None
    assert "holderIdentity" not in left.body["spec"]
    assert left.annotations[APPLIED_BY].endswith(f"@{socket.gethostname()}")
    assert (left.annotations[PROJECT], PURPOSE in left.annotations) == ("market", False)
    with lease(server, clock).held("rohe destroy shop", 0):
        assert clock.passed == 0
    kept = server.get(one.key)
    assert kept is not None
    assert kept.annotations == left.annotations
    with (last := lease(server, clock)).held("rohe destroy shop", 0):
        last.end_with_stack()
    assert server.get(one.key) is None


def test_a_second_command_is_told_who_holds_it(server: StoredObjects, clock: HandClock) -> None:
    held_elsewhere(server)
    with pytest.raises(Locked) as raised, lease(server, clock).held("rohe destroy shop", 0):
        pass
    assert raised.value.exit_code is ExitCode.LOCKED
    assert raised.value.brief == (
        "the stack is locked by `rohe apply shop` of ann on pc-7 (pid 4711), since 03:04:05 UTC"
    )


def test_a_lease_that_is_given_back_meanwhile_is_taken(server: StoredObjects, clock: HandClock) -> None:
    found = held_elsewhere(server)
    clock.on_sleep = lambda: server.delete(found) if clock.passed >= 3 else None
    with lease(server, clock).held("rohe destroy shop", 10):
        assert clock.passed == 3


def test_a_lease_that_nobody_renews_is_taken_over_although_the_clocks_disagree(
    server: StoredObjects, clock: HandClock
) -> None:
    held_elsewhere(server)
    one = lease(server, clock)
    with one.held("rohe apply shop", DURATION + 5):
        found = server.get(one.key)
        assert found is not None
        assert found.body["spec"]["leaseTransitions"] == 1
    assert DURATION < clock.passed <= DURATION + 2


def test_a_lease_that_is_renewed_is_not_taken_over(server: StoredObjects, clock: HandClock) -> None:
    found = held_elsewhere(server)
    clock.on_sleep = lambda: found.body["spec"].update(renewTime=f"{clock.passed}")
    with pytest.raises(Locked), lease(server, clock).held("rohe apply shop", 3 * DURATION):
        pass


def test_a_lease_of_a_killed_process_of_this_machine_is_taken_over_at_once(
    server: StoredObjects, clock: HandClock
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    held_elsewhere(server, f"me@{socket.gethostname()}:{ended.pid}:abc")
    with lease(server, clock).held("rohe apply shop", 0):
        assert clock.passed == 0
