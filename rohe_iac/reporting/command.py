"""Command: what an agent tells a service to do, and how the service answers."""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

LOG = logging.getLogger("rohe.reporting")

ANSWERS_KEPT = 64
"""Answers remembered, so that a command that comes again is answered again and not done twice."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of an agent.

    action: `degrade` (ask only `members` of the ensemble `service`, until told otherwise) or `restore` (ask all again).
    until: seconds since the epoch after which it no longer holds, or 0.
    """

    id: str
    action: str
    service: str = ""
    members: tuple[str, ...] = ()
    until: float = 0.0
    reason: str = ""


CommandCallback = Callable[[Command], tuple[bool, str]]
Answer = Callable[[str, bytes], None]


class CommandDesk:
    """Gives commands to the service's callback on a thread of its own and passes the answers on."""

    def __init__(self, client: str, answer: Answer) -> None:
        self._client = client
        self._answer = answer
        self._callback: CommandCallback | None = None
        self._queue: queue.Queue[tuple[Command, str] | None] = queue.Queue(maxsize=256)
        self._answers: OrderedDict[str, tuple[bool, str]] = OrderedDict()
        self._thread: threading.Thread | None = None

    def on_command(self, callback: CommandCallback) -> None:
        """Names the callback; a later one takes its place."""
        self._callback = callback

    def receive(self, payload: bytes) -> None:
        """Takes a message of the command topic; what is no command is logged and dropped."""
        try:
            content = json.loads(payload)
            command = Command(
                id=str(content["id"]),
                action=str(content["action"]),
                service=str(content.get("service", "")),
                members=tuple(str(member) for member in content.get("members") or ()),
                until=float(content.get("until") or 0.0),
                reason=str(content.get("reason", "")),
            )
            reply = str(content.get("reply", ""))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            LOG.warning("a message that is no command was dropped: %s", error)
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="rohe-commands", daemon=True)
            self._thread.start()
        try:
            self._queue.put_nowait((command, reply))
        except queue.Full:
            LOG.warning("too many commands wait; '%s' was dropped and will come again", command.id)

    def close(self) -> None:
        """Ends the thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(1.0)

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            command, reply = item
            if command.id not in self._answers:
                self._answers[command.id] = self._ask(command)
                while len(self._answers) > ANSWERS_KEPT:
                    self._answers.popitem(last=False)
            accepted, why = self._answers[command.id]
            if reply:
                answer = {"id": command.id, "client": self._client, "accepted": accepted, "why": why}
                self._answer(reply, json.dumps(answer).encode())

    def _ask(self, command: Command) -> tuple[bool, str]:
        if self._callback is None:
            return False, "the service takes no commands"
        try:
            accepted, why = self._callback(command)
        except Exception as error:
            # The callback is the service's own code; whatever it raises becomes a refusal, not the end of the thread.
            LOG.exception("the command callback")
            return False, f"{type(error).__name__}: {error}"
        return bool(accepted), str(why)
