"""Arrivals over AMQP: the worker is told when windows may close, and why they may not."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from rohe_iac.observation.configuration import AmqpExchange
from rohe_iac.transports.amqp import arrivals as judged
from rohe_iac.transports.amqp.arrivals import Arrivals
from rohe_iac.transports.amqp.backlog import SETTLING
from rohe_iac.transports.inbox import Inbox

EXCHANGE = AmqpExchange(url="amqp://broker", user="rohe", exchange="qoa", queue="q")


class Broker:
    """RabbitMQ as a channel shows it: it answers looks while it is `awake`.

    Attributes:
        ready: Messages that wait, by queue.
    """

    def __init__(self) -> None:
        self.ready = {"q": 0, "q.kept": 0, "q.parked": 0}
        self.awake = True
        self.asked: list[tuple[str, Callable[[Any], None]]] = []
        self.end: Callable[[Any, BaseException], None] = lambda *_: None
        self._impl = self

    def add_on_close_callback(self, callback: Callable[[Any, BaseException], None]) -> None:
        self.end = callback

    def queue_declare(self, queue: str, *, passive: bool, callback: Callable[[Any], None]) -> None:
        assert passive
        self.asked.append((queue, callback))

    def answer(self) -> None:
        while self.awake and self.asked:
            queue, callback = self.asked.pop(0)
            said = SimpleNamespace(queue=queue, message_count=self.ready[queue], consumer_count=1)
            callback(SimpleNamespace(method=said))


class Scene:
    """Arrivals of an agent with a lateness of 2 s, by a clock of their own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(judged, "time", SimpleNamespace(monotonic=lambda: self.now))
        self.inbox, self.broker = Inbox(), Broker()
        self.arrivals = Arrivals(EXCHANGE, self.inbox, 2.0)
        self.arrivals.begin(self.broker)

    def pass_time(self, seconds: float) -> None:
        for _ in range(int(seconds / self.arrivals.interval) + 1):
            self.broker.answer()
            self.arrivals.look(held=False)
            self.now += self.arrivals.interval

    def told(self) -> list[str]:
        return [change.state for change in self.inbox.receive(10, 0.0)[1]]


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


def test_a_new_connection_is_up_once_what_waited_has_come(scene: Scene) -> None:
    scene.broker.ready["q.kept"] = 1200
    scene.pass_time(3.0)
    assert scene.told() == ["behind"]
    assert scene.arrivals.trouble == "amqp://broker: what waited there is taken in first, 1,200 messages at present"
    scene.broker.ready["q.kept"] = 0
    scene.pass_time(SETTLING + 1.0)
    assert scene.told() == ["up"]
    assert scene.arrivals.trouble == ""
    scene.arrivals.end()
    assert scene.told() == ["down"]


def test_a_broker_that_does_not_answer_is_away_before_its_clients_are_idle_and_their_windows_closed(
    scene: Scene,
) -> None:
    scene.pass_time(SETTLING + 1.0)
    scene.broker.awake = False
    scene.pass_time(3.0)
    assert scene.told() == ["behind", "up", "behind"]
    assert scene.arrivals.trouble == "amqp://broker does not answer"
    scene.broker.awake = True
    scene.broker.ready["q.kept"] = 1
    scene.pass_time(3.0)
    assert scene.told() == []
    scene.broker.ready["q.kept"] = 0
    scene.pass_time(SETTLING + 1.0)
    assert scene.told() == ["up"]


def test_a_message_that_had_expired_begins_the_wait_before_the_worker_has_it(scene: Scene) -> None:
    scene.pass_time(SETTLING + 1.0)
    scene.arrivals.receive("q")
    assert scene.told() == ["behind", "up"]
    scene.arrivals.receive("q.kept")
    assert scene.told() == ["behind"]
    assert scene.arrivals.trouble == "amqp://broker: messages that expired there are taken in first"


def test_what_ends_the_channel_is_raised(scene: Scene) -> None:
    scene.broker.end(None, ValueError("no queue 'q'"))
    with pytest.raises(ValueError, match="no queue 'q'"):
        scene.arrivals.look(held=False)


def test_parked_messages_are_counted(scene: Scene) -> None:
    scene.broker.ready["q.parked"] = 3
    scene.pass_time(1.0)
    assert scene.arrivals.parked == 3
