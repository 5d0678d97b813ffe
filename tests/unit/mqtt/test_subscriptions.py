"""Subscriptions: what is asked of a broker on each connection, and what is ended of an earlier one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from rohe_iac.mqtt import subscriptions as subscriptions_module
from rohe_iac.mqtt.subscriptions import DRAIN_SECONDS, FILTERS_OF_PACKET, Subscriptions


class Asked:
    """A client that records what it asks of the broker."""

    def __init__(self) -> None:
        self.packets: list[tuple[str, Any]] = []

    def subscribe(self, filters: list[tuple[str, int]]) -> tuple[int, int]:
        self.packets.append(("subscribe", filters))
        return 0, len(self.packets)

    def unsubscribe(self, filters: list[str]) -> None:
        self.packets.append(("unsubscribe", filters))


class Clock:
    """A monotonic clock that the test sets."""

    seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(subscriptions_module, "time", clock)
    return clock


def test_what_an_earlier_run_left_is_ended_when_it_is_drained(clock: Clock) -> None:
    subscriptions, client = Subscriptions(["own", "other"], ["unqueued"]), Asked()
    subscriptions.end(["left", "own", "unqueued"])
    clock.seconds = 200.0
    assert subscriptions.begin(client)
    subscribed = [("subscribe", [("own", 1), ("other", 1)]), ("subscribe", [("unqueued", 0)])]
    subscriptions.end_due(client)
    assert client.packets == subscribed, "what waits for it comes on this connection"
    clock.seconds += DRAIN_SECONDS
    subscriptions.end_due(client)
    subscriptions.end_due(client)
    assert client.packets == [*subscribed, ("unsubscribe", ["left"])]
    subscriptions.begin(client)
    assert client.packets[3:] == [("unsubscribe", ["left"]), *subscribed], "the broker may have an old state of it"


def test_a_filter_that_is_replaced_goes_on_until_it_is_drained(clock: Clock) -> None:
    subscriptions, client = Subscriptions(["a", "b", "c"]), Asked()
    subscriptions.begin(client)
    client.packets.clear()
    subscriptions.replace(("b", "c", "d"), client)
    clock.seconds += DRAIN_SECONDS / 2
    subscriptions.replace(("c", "d"), client)
    subscriptions.end_due(client)
    assert client.packets == [("subscribe", [("d", 1)])]
    clock.seconds += DRAIN_SECONDS / 2
    subscriptions.end_due(client)
    assert client.packets[1:] == [("unsubscribe", ["a"])], "each has a time of its own"
    clock.seconds += DRAIN_SECONDS / 2
    subscriptions.end_due(client)
    assert client.packets[2:] == [("unsubscribe", ["b"])]


def test_a_filter_that_is_wanted_again_goes_on(clock: Clock) -> None:
    subscriptions, client = Subscriptions(["a", "b"]), Asked()
    subscriptions.begin(client)
    subscriptions.replace(("b",), client)
    subscriptions.replace(("a", "b"), client)
    client.packets.clear()
    clock.seconds += 2 * DRAIN_SECONDS
    subscriptions.end_due(client)
    subscriptions.begin(client)
    assert client.packets == [("subscribe", [("a", 1), ("b", 1)])]


def test_a_change_before_the_connection_is_made_with_it(clock: Clock) -> None:
    subscriptions, client = Subscriptions(["a", "b"]), Asked()
    subscriptions.replace(("b", "c"), None)
    subscriptions.replace(("b", "d"), client)
    assert client.packets == [], "before the broker has answered nothing may be sent"
    subscriptions.begin(client)
    assert client.packets == [("subscribe", [("b", 1), ("d", 1)])]
    clock.seconds += DRAIN_SECONDS
    subscriptions.end_due(client)
    assert client.packets[1:] == [("unsubscribe", ["a", "c"])]


def test_a_change_while_the_broker_has_not_answered_is_waited_for() -> None:
    subscriptions, client = Subscriptions(["a"]), Asked()
    subscriptions.begin(client)
    subscriptions.replace(("a", "b"), client)
    granted = SimpleNamespace(is_failure=False)
    assert subscriptions.answered(1, [granted]) == ([], True)
    assert subscriptions.answered(2, [granted]) == ([], False)


def test_an_answer_names_what_is_refused() -> None:
    subscriptions, client = Subscriptions([f"f{number}" for number in range(FILTERS_OF_PACKET + 1)]), Asked()
    subscriptions.begin(client)
    granted, refused = SimpleNamespace(is_failure=False), SimpleNamespace(is_failure=True)
    assert subscriptions.answered(1, [granted] * FILTERS_OF_PACKET) == ([], True)
    assert subscriptions.answered(2, [refused]) == ([f"f{FILTERS_OF_PACKET}"], False)


def test_where_the_broker_refuses_a_filter_those_that_drain_are_ended_first() -> None:
    subscriptions, client = Subscriptions(["a"]), Asked()
    subscriptions.end(["a", "left"])
    subscriptions.begin(client)
    assert subscriptions.answered(1, [SimpleNamespace(is_failure=True)]) == (["a"], False)
    client.packets.clear()
    subscriptions.begin(client)
    assert client.packets == [("unsubscribe", ["left"]), ("subscribe", [("a", 1)])]
