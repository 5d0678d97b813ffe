"""Gaps: of all clients together they are bounded, and a client with few may open more whatever others do."""

from __future__ import annotations

from rohe_iac.agent.intake.gaps import GapLedger


def _open_gaps(ledger: GapLedger, client: str) -> None:
    for _ in range(100):
        if ledger.allows(client):
            ledger.change(client, 1)


def test_a_client_alone_may_open_as_many_gaps_as_are_remembered() -> None:
    ledger = GapLedger(10)
    _open_gaps(ledger, "a")
    assert ledger.of("a") == ledger.total == 10
    assert ledger.exhausted() == {"a": 10}


def test_the_gaps_of_one_client_take_no_room_of_others() -> None:
    ledger = GapLedger(10)
    ledger.change("a", 10)
    _open_gaps(ledger, "b")
    assert ledger.of("b") == 5, "it has its share"
    assert not ledger.allows("a")
    assert list(ledger.exhausted().items()) == [("a", 10), ("b", 5)]


def test_gaps_that_close_give_room() -> None:
    ledger = GapLedger(2)
    ledger.change("a", 2)
    ledger.change("a", -1)
    assert ledger.allows("a")
    assert ledger.exhausted() == {}
    ledger.change("a", -1)
    assert (ledger.total, ledger.of("a")) == (0, 0)
