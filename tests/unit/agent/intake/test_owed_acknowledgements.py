"""Owed acknowledgements: each comes, and never too much at once."""

from __future__ import annotations

import pytest

from rohe_iac.agent.intake import owed_acknowledgements
from rohe_iac.agent.intake.owed_acknowledgements import OwedAcknowledgements


def test_a_turn_has_so_many_holes_and_the_next_has_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owed_acknowledgements, "MAX_HOLES", 4)
    owed = OwedAcknowledgements()
    owed.owe([("a", "1"), ("a", "2"), ("b", "1")])
    holes = [[2, 2], [4, 4], [6, 6]]

    def numbers(client: str, _: str) -> tuple[int, list[list[int]]]:
        return (7, holes) if client == "a" else (3, [])

    assert list(owed.take(numbers)) == [("a", "1", 7, holes), ("a", "2", 7, holes)]
    owed.owe([("a", "1")])
    assert list(owed.take(numbers)) == [("b", "1", 3, []), ("a", "1", 7, holes)], "b does not wait behind a again"
    assert not len(owed)


def test_a_turn_has_so_many_acknowledgements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owed_acknowledgements, "MAX_ACKNOWLEDGEMENTS", 2)
    owed = OwedAcknowledgements()
    owed.owe(("a", str(number)) for number in range(5))
    turns = [len(list(owed.take(lambda *_: (1, [])))) for _ in range(3)]
    assert turns == [2, 2, 1]
