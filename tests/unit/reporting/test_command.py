"""The command desk: each command is executed once, and answered as often as it arrives."""

from __future__ import annotations

import json
import threading
from typing import Any

from rohe_iac.reporting.command import Command, CommandDesk


def open_desk(callback: Any) -> tuple[CommandDesk, list[dict[str, Any]]]:
    answers: list[dict[str, Any]] = []
    desk = CommandDesk("svc-0", lambda _client, payload: answers.append(json.loads(payload)))
    if callback is not None:
        desk.on_command(callback)
    return desk, answers


def deliver(desk: CommandDesk, *payloads: bytes) -> None:
    for payload in payloads:
        desk.receive(payload)
    desk.close()


ORDER = b'{"id":"1","action":"degrade","service":"c","members":["a"],"reply":"agent"}'


def test_a_command_reaches_the_callback_and_its_answer_the_agent() -> None:
    seen: list[Command] = []

    def obey(command: Command) -> tuple[bool, str]:
        seen.append(command)
        return True, "done"

    desk, answers = open_desk(obey)
    deliver(desk, ORDER)
    assert seen == [Command("1", "degrade", "c", ("a",))]
    assert answers == [{"id": "1", "client": "svc-0", "accepted": True, "why": "done"}]


def test_a_command_that_comes_again_is_answered_again_and_done_once() -> None:
    calls: list[Command] = []
    desk, answers = open_desk(lambda command: (calls.append(command) is None, "done"))
    deliver(desk, ORDER, ORDER, ORDER)
    assert (len(calls), len(answers)) == (1, 3)


def test_a_callback_that_raises_is_a_refusal() -> None:
    def fail(_command: Command) -> tuple[bool, str]:
        raise RuntimeError("no")

    desk, answers = open_desk(fail)
    deliver(desk, ORDER)
    assert answers[0]["accepted"] is False
    assert answers[0]["why"] == "RuntimeError: no"


def test_a_service_without_a_callback_refuses() -> None:
    desk, answers = open_desk(None)
    deliver(desk, ORDER)
    assert answers[0]["accepted"] is False


def test_what_is_no_command_is_dropped() -> None:
    desk, answers = open_desk(lambda command: (True, ""))
    deliver(desk, b"", b"[]", b'{"id": 1}', b"null", b'{"id":"1","action":"x","members":1}')
    assert answers == []


def test_closing_ends_although_a_callback_hangs_and_the_queue_is_full() -> None:
    begun, freed = threading.Event(), threading.Event()

    def hang(_command: Command) -> tuple[bool, str]:
        begun.set()
        return freed.wait(60.0), ""

    desk, answers = open_desk(hang)
    desk.receive(ORDER)
    assert begun.wait(10.0)
    for _ in range(desk._queue.maxsize):
        desk.receive(ORDER)
    closing = threading.Thread(target=desk.close, daemon=True)
    closing.start()
    closing.join(20.0)
    assert not closing.is_alive()
    freed.set()
    desk._thread.join(20.0)  # type: ignore[union-attr]
    assert len(answers) == 1, "what waited is dropped, and comes again"
