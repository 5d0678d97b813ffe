"""The backlog at RabbitMQ: windows may close once what waited has come, by whichever of the queues."""

from __future__ import annotations

from rohe_iac.transports.amqp.backlog import MAX_OTHERS, MAX_WAIT, SETTLING, Backlog
from rohe_iac.transports.amqp.queue_looks import QueueLook


class Scene:
    """A backlog, and the time of its looks."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.backlog = Backlog()
        self.backlog.begin(self.now)

    def look(
        self, first: int = 0, expired: int = 0, *, consumers: int = 1, held: bool = False, after: float = 0.5
    ) -> bool:
        """Looks at the queues after some seconds, and returns whether windows may close."""
        self.now += after
        self.backlog.look(QueueLook(first, consumers), QueueLook(expired, consumers), self.now, held=held)
        return self.backlog.complete

    def receive(self, count: int, *, expired: bool = False) -> None:
        for _ in range(count):
            self.backlog.receive(expired=expired, now=self.now)

    def settle(self) -> None:
        """Looks at empty queues until windows may close."""
        assert not self.look()
        assert not self.look(after=SETTLING / 2)
        assert self.look(after=SETTLING / 2)


def test_an_empty_backlog_is_complete_once_nothing_more_can_be_on_its_way() -> None:
    Scene().settle()


def test_expired_messages_are_waited_for_although_new_ones_have_come() -> None:
    scene = Scene()
    assert not scene.look(first=3, expired=500)
    scene.receive(3)
    for left in (400, 100, 1):
        scene.receive(50)
        assert not scene.look(expired=left, after=SETTLING)
    scene.settle()


def test_a_queue_that_is_never_empty_is_through_once_what_waited_has_come() -> None:
    scene = Scene()
    assert not scene.look(first=100)
    scene.receive(7)
    assert not scene.look(first=150), "the seven were on their way when the hundred waited"
    scene.receive(99)
    assert not scene.look(first=200)
    assert not scene.look(first=200, after=2 * SETTLING)
    scene.receive(1)
    assert not scene.look(first=300)
    assert scene.look(first=300, after=SETTLING)


def test_what_expires_on_the_way_is_waited_for_in_the_other_queue() -> None:
    scene = Scene()
    assert not scene.look(first=100)
    assert not scene.look(expired=0)
    scene.receive(1, expired=True)
    assert not scene.look(expired=60, after=SETTLING)
    scene.receive(60, expired=True)
    scene.settle()


def test_messages_without_room_are_waited_for() -> None:
    scene = Scene()
    scene.receive(2)
    scene.backlog.give_back(expired=False)
    assert not scene.look(held=True)
    assert not scene.look(held=True, after=2 * SETTLING)
    scene.settle()


def test_a_message_that_had_expired_says_that_others_wait() -> None:
    scene = Scene()
    scene.settle()
    scene.receive(1)
    assert scene.backlog.complete
    scene.receive(1, expired=True)
    assert not scene.backlog.complete
    assert not scene.look(expired=10)
    scene.settle()


def test_another_connection_may_have_messages_and_is_waited_for_within_bounds() -> None:
    scene = Scene()
    assert not scene.look(consumers=2)
    assert not scene.look(consumers=2, after=MAX_OTHERS - 1)
    assert scene.backlog.others
    assert not scene.look(first=5), "its messages have come back"
    scene.receive(5)
    scene.settle()
    scene.backlog.begin(scene.now)
    assert not scene.look(consumers=2, after=MAX_OTHERS + 1)
    assert scene.look(consumers=2, after=SETTLING)


def test_a_backlog_that_does_not_end_is_given_up_once() -> None:
    scene = Scene()
    scene.receive(1, expired=True)
    assert not scene.look(expired=1000, after=MAX_WAIT)
    assert scene.look(expired=1000)
    assert scene.backlog.given_up
    scene.receive(1, expired=True)
    assert scene.backlog.complete, "it is not waited for again before it was empty"
    assert scene.look(expired=0)
    scene.receive(1, expired=True)
    assert not scene.backlog.complete
