"""Known numbers: bounded whatever clients send, while whatever fills a gap is always taken."""

from __future__ import annotations

from rohe_iac.agent.intake import known_numbers
from rohe_iac.agent.intake.batch import IntakeBatch
from rohe_iac.agent.intake.known_numbers import KnownNumbers
from rohe_iac.observation.reports.sequence_set import SequenceSet


def full(limit: int = 4) -> KnownNumbers:
    """Returns the numbers of a client that may open no more gaps."""
    known = KnownNumbers({("a", "1"): SequenceSet([[2 * place + 1] * 2 for place in range(limit + 1)])}, 1e6, 0.0)
    known.gaps.limit = limit
    return known


def test_a_client_with_its_share_of_gaps_may_fill_and_go_on_but_open_no_other() -> None:
    known = full()
    assert known.gaps.of("a") == 4
    assert [seq for seq in range(1, 14) if not known.has_room("a", "1", seq)] == [11, 12, 13]
    assert known.has_room("a", "2", 100), "the first number of a boot leaves no gap"
    assert known.has_room("b", "1", 100)
    assert known.add("a", "1", 2, 1.0, IntakeBatch())
    assert known.has_room("a", "1", 12)


def test_gaps_of_boots_and_clients_that_are_forgotten_count_no_more() -> None:
    known = full()
    for boot in range(2, known_numbers.MAX_BOOTS + 2):
        known.add("a", str(boot), 1, 1.0, IntakeBatch())
    assert known.gaps.total == 0
    known = full()
    batch = IntakeBatch()
    known.forget_silent(2e6, batch)
    known.forget_silent(4e6, batch)
    assert batch.transaction.forgotten == [("a", "1")]
    assert known.gaps.total == 0


def test_so_many_boots_of_a_client_are_told_of_a_new_connection() -> None:
    known = KnownNumbers({("a", str(boot)): SequenceSet([[1, 1]]) for boot in range(500)}, 1e6, 0.0)
    assert known.newest_keys() == [("a", str(boot)) for boot in range(500 - known_numbers.MAX_TOLD_BOOTS, 500)]
