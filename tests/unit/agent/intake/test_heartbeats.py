"""Heartbeats: the states that say something new to the observer; test_intake.py has those that arrive as messages."""

from __future__ import annotations

import math
from typing import Any

import pytest

from rohe_iac.agent.intake.heartbeats import MIN_DISTANCE, Heartbeats

LATER = 2.0 + MIN_DISTANCE


@pytest.mark.parametrize(
    ("content", "changes", "kinds"),
    [
        ({}, {}, ["heartbeat"]),
        ({"complete_up_to": 8.0}, {}, ["promise"]),
        ({"complete_up_to": 0.0}, {}, ["heartbeat"]),
        ({"complete_up_to": 0.0}, {"known": False}, ["promise", "heartbeat"]),
        ({"complete_up_to": 8.0}, {"known": False, "retained": True}, ["promise"]),
        ({"complete_up_to": 8.0}, {"retained": True}, []),
        ({}, {"heard": 2.1}, []),
        ({}, {"heard": math.inf}, []),
        ({}, {"retained": True}, []),
        ({"state": "stopped"}, {}, ["stop"]),
        ({"state": "lost"}, {}, ["lost"]),
        ({"state": "lost"}, {"known": False}, []),
    ],
)
def test_what_a_state_says(content: dict[str, Any], changes: dict[str, Any], kinds: list[str]) -> None:
    settings: dict[str, Any] = {"heard": 1.0, "known": True, "retained": False, **changes}
    state = {"state": "online", "boot": "b", **content}
    before = {"state": "online", "boot": "b"} if settings.pop("known") else {}
    assert [item.kind for item in Heartbeats().inputs(state, before, "a-0", 9.0, LATER, **settings)] == kinds


def test_nobody_is_remembered_for_longer_than_it_matters() -> None:
    heartbeats, state = Heartbeats(), {"state": "online", "boot": "b"}
    for number in range(1000):
        list(heartbeats.inputs(state, state, f"a-{number}", 9.0, LATER + number * 0.1, 0.0, retained=False))
    assert len(heartbeats._taken) <= MIN_DISTANCE / 0.1 + 1
    list(heartbeats.inputs({**state, "state": "lost"}, state, "a-999", 9.0, LATER + 100.0, 0.0, retained=False))
    assert "a-999" not in heartbeats._taken


def test_a_second_heartbeat_at_once_says_nothing() -> None:
    heartbeats, state = Heartbeats(), {"state": "online", "boot": "b"}
    kinds = [
        [item.kind for item in heartbeats.inputs(state, state, "a-0", 9.0, at, 0.0, retained=False)]
        for at in (LATER, LATER + 0.5, LATER + 1.0)
    ]
    assert kinds == [["heartbeat"], [], ["heartbeat"]]
