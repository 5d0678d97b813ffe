"""A long status: divided into items of a bounded size, and whole again at those who ask."""

from __future__ import annotations

import json
from typing import Any

from rohe_iac.transports.long_status import ITEM_BYTES, divided_status, joined_answer, joined_status


def status(clients: int) -> dict[str, Any]:
    return {
        "agent": "agent-0",
        "counts": {"reports": 7},
        "clients": {f"c-{number}": {"state": "online", "boot": "b" * 40} for number in range(clients)},
        "sources": [],
        "objectives": [{"objective": f"o-{number}"} for number in range(3)],
    }


def test_a_short_status_is_one_item() -> None:
    assert divided_status(status(3)) == [status(3)]


def test_a_long_status_is_divided_and_joined_again() -> None:
    whole = status(10_000)
    items = divided_status(whole)
    assert 5 < len(items) < 40
    assert all(len(json.dumps(item)) < 2 * ITEM_BYTES for item in items)
    assert list(items[0]) == list(whole)
    assert items[0]["objectives"] == whole["objectives"]
    assert joined_status(items) == whole
    assert joined_answer("status", items) == [whole]


def test_lists_are_divided_too_and_an_entry_never_is() -> None:
    whole = {"agents": [{"name": "a" * 100}, {"name": "b" * 100}, {"name": "c"}], "empty": {}}
    items = divided_status(whole, 50)
    assert [len(item.get("agents", [])) for item in items] == [0, 1, 1, 1]
    assert joined_status(items) == whole


def test_the_items_of_other_answers_stay_apart() -> None:
    assert joined_answer("results", [{"row": 1}, {"row": 2}]) == [{"row": 1}, {"row": 2}]
    assert joined_answer("status", []) == []
