"""The sequence set: new numbers, ranges that grow together, and acknowledgements with their holes."""

from __future__ import annotations

from rohe_iac.observation.reports.sequence_set import MAX_RANGES, SequenceSet


def test_a_number_is_new_once() -> None:
    numbers = SequenceSet()
    assert [numbers.add(number) for number in (1, 2, 2, 5, 1, 5, 3)] == [True, True, False, True, False, False, True]


def test_ranges_grow_together_when_their_hole_is_filled() -> None:
    numbers = SequenceSet()
    for number in (1, 2, 4, 5, 7):
        numbers.add(number)
    assert numbers.ranges == [[1, 2], [4, 5], [7, 7]]
    numbers.add(3)
    assert numbers.ranges == [[1, 5], [7, 7]]
    numbers.add(6)
    assert numbers.acknowledgement() == (7, [])


def test_an_acknowledgement_names_what_is_missing_below_it() -> None:
    assert SequenceSet([[2, 3], [7, 9]]).acknowledgement() == (9, [[1, 1], [4, 6]])
    assert SequenceSet().acknowledgement() == (0, [])


def test_all_that_was_received_is_acknowledged_however_many_holes_there_are() -> None:
    # A hole may stay for ever, such as one of reports that an agent stored whose store was lost.
    numbers = SequenceSet()
    for seq in range(2, 4 * MAX_RANGES, 2):
        numbers.add(seq)
    up_to, holes = numbers.acknowledgement()
    assert up_to == 4 * MAX_RANGES - 2
    assert len(holes) == MAX_RANGES


def test_so_many_ranges_are_kept_and_no_more() -> None:
    numbers = SequenceSet()
    for seq in range(1, 4 * MAX_RANGES, 2):
        assert numbers.add(seq)
    assert len(numbers.ranges) == MAX_RANGES
    assert not numbers.add(2), "the oldest hole is no longer waited for"
    assert numbers.add(4 * MAX_RANGES - 2)
