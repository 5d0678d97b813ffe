"""A lease is renewed while a command works, and given up before others may take it over."""

from __future__ import annotations

import threading

import pytest

from rohe_iac.deployment.held_lock import HeldLock
from rohe_iac.foundation.errors import RoheError
from rohe_iac.targets.kubernetes.locking import renewal
from rohe_iac.targets.kubernetes.locking.renewal import DEADLINE, DURATION, RENEWAL, LeaseRenewal, LeaseTaken


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> float:
        return self.passed

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


class Server:
    """Renews a lease, or fails as it is told."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.fault: Exception | None = None
        self.takes = 0.0
        self.renewals = 0

    def renew(self) -> None:
        self.clock.passed += self.takes
        if self.fault is not None:
            raise self.fault
        self.renewals += 1


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def server(clock: HandClock) -> Server:
    return Server(clock)


def test_a_lease_is_given_up_in_time_for_the_engine_to_stop() -> None:
    assert 3 * RENEWAL < DEADLINE < DURATION


@pytest.mark.parametrize("fault", [RoheError("no answer", detail="timed out"), ValueError("odd")])
def test_a_lease_that_cannot_be_renewed_is_given_up_at_the_deadline(
    server: Server, clock: HandClock, fault: Exception
) -> None:
    held = HeldLock()
    one = LeaseRenewal(server.renew, held, clock)
    server.fault = fault
    clock.passed = DEADLINE - 1
    one.once()
    one.look()
    assert not held.lost
    clock.passed = DEADLINE
    one.look()
    assert held.lost.startswith(f"it could not be renewed for {DEADLINE:.0f}s: ")
    assert str(fault) in held.lost


def test_a_renewal_counts_from_before_its_request(server: Server, clock: HandClock) -> None:
    held = HeldLock()
    one = LeaseRenewal(server.renew, held, clock)
    clock.passed, server.takes = 5, 10
    one.once()
    clock.passed = 5 + DEADLINE - 1
    one.look()
    assert not held.lost
    clock.passed = 5 + DEADLINE
    one.look()
    assert held.lost


def test_a_lease_that_another_command_took_is_lost_at_once(server: Server, clock: HandClock) -> None:
    held = HeldLock()
    server.fault = LeaseTaken("it was taken over by ann")
    LeaseRenewal(server.renew, held, clock).once()
    assert held.lost == "it was taken over by ann"


def test_a_lease_is_renewed_again_and_again_until_the_command_ends(
    server: Server, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "RENEWAL", 0.001)
    ended, enough = threading.Event(), threading.Event()

    def renew() -> None:
        server.renew()
        if server.renewals >= 3:
            enough.set()

    thread = threading.Thread(target=LeaseRenewal(renew, HeldLock(), clock).run, args=(ended,))
    thread.start()
    assert enough.wait(30)
    ended.set()
    thread.join(30)
    assert not thread.is_alive()


def test_a_request_that_hangs_does_not_keep_the_loss_from_being_seen(
    clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "RENEWAL", 0.001)
    monkeypatch.setattr(renewal, "LOOK", 0.001)
    held, ended, hangs, goes_on, lost = (
        HeldLock(),
        threading.Event(),
        threading.Event(),
        threading.Event(),
        threading.Event(),
    )

    def renew() -> None:
        hangs.set()
        goes_on.wait(60)

    with held.on_loss(lost.set):
        thread = threading.Thread(target=LeaseRenewal(renew, held, clock).run, args=(ended,))
        thread.start()
        assert hangs.wait(30)
        clock.passed = DEADLINE
        assert lost.wait(30)
    goes_on.set()
    ended.set()
    thread.join(30)
    assert not thread.is_alive()
