"""Properties of the bound of gaps, over clients that leave out, repeat and reorder numbers as they please."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rohe_iac.agent.intake import known_numbers
from rohe_iac.agent.intake.batch import IntakeBatch
from rohe_iac.agent.intake.known_numbers import KnownNumbers

LIMIT = 4
CLIENTS = 3
NUMBERS = st.integers(1, 60)
ARRIVALS = st.lists(st.tuples(st.integers(0, CLIENTS - 1), st.integers(0, 1), NUMBERS), min_size=60, max_size=120)


@settings(max_examples=150)
@given(arrivals=ARRIVALS)
def test_gaps_stay_bounded_and_what_fills_or_extends_is_taken(arrivals: list[tuple[int, int, int]]) -> None:
    known = KnownNumbers({}, 1e6, 0.0)
    known.gaps.limit = LIMIT
    taken: dict[tuple[str, str], set[int]] = {}
    for of, boot, seq in arrivals:
        key = (f"c-{of}", f"b-{boot}")
        numbers = taken.setdefault(key, set())
        touches = not numbers or seq in numbers or seq - 1 in numbers or seq + 1 in numbers
        if known.has_room(*key, seq):
            assert known.add(*key, seq, 0.0, IntakeBatch()) == (seq not in numbers)
            numbers.add(seq)
        else:
            assert not touches
            assert known.gaps.of(key[0]) >= LIMIT // CLIENTS, "a client has its share whatever others do"
        clients = [f"c-{number}" for number in range(CLIENTS)]
        gaps = {client: sum(max(0, len(ranges) - 1) for _, ranges in known.of(client)) for client in clients}
        assert {client: known.gaps.of(client) for client in gaps} == gaps
        assert known.gaps.total == sum(gaps.values()) < 2 * LIMIT
    for key, numbers in taken.items():
        up_to, holes = known.acknowledgement(*key)
        missing = {seq for first, last in holes for seq in range(first, last + 1)}
        assert set(range(1, up_to + 1)) - missing == numbers


@settings(max_examples=100)
@given(arrivals=ARRIVALS)
def test_a_client_that_sends_again_in_order_gets_everything_stored(arrivals: list[tuple[int, int, int]]) -> None:
    known = KnownNumbers({}, 1e6, 0.0)
    known.gaps.limit = LIMIT
    newest: dict[tuple[str, str], int] = {}
    for of, boot, seq in arrivals:
        key = (f"c-{of}", f"b-{boot}")
        newest[key] = max(seq, newest.get(key, 0))
        if known.has_room(*key, seq):
            known.add(*key, seq, 0.0, IntakeBatch())
    for key, last in newest.items():
        for _ in range(last + 1):
            up_to, holes = known.acknowledgement(*key)
            missing = [seq for first, end in holes for seq in range(first, end + 1)]
            missing += range(up_to + 1, last + 1)
            if not missing:
                break
            for seq in missing:
                if known.has_room(*key, seq):
                    known.add(*key, seq, 0.0, IntakeBatch())
        assert known.acknowledgement(*key) == (last, [])
    assert known.gaps.total == 0


def test_the_bounds_of_boots_hold_those_of_the_protocol() -> None:
    assert known_numbers.MAX_TOLD_BOOTS >= 200, "so many boots of a client may have reports under way"
