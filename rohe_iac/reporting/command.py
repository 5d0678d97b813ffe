"""Commands that an agent sends to a service, and the answers of the service."""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

LOG = logging.getLogger("rohe.reporting")

MAX_ANSWERS = 64
"""Answers remembered, so that a command that is delivered again is answered again and not executed twice."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of an agent.

    Attributes:
        id: Identifier of the command.
        action: `degrade` (ask only `members` of the ensemble `service` until the next command) or `restore` (ask all).
        service: Name of the ensemble.
        members: Members to ask.
        until: When the command expires (seconds since the epoch); 0 for never.
        reason: Why, as people read it.
    """

    id: str
    action: str
    service: str = ""
    members: tuple[str, ...] = ()
    until: float = 0.0
    reason: str = ""


CommandCallback = Callable[[Command], tuple[bool, str]]
"""Executes a command; returns whether the service accepts it, and why."""

SendAnswer = Callable[[str, bytes], None]
"""Sends an answer to a client."""


class CommandDesk:
    """Calls the service's callback for each command, on a thread of its own, and sends the answers."""

    def __init__(self, client: str, send_answer: SendAnswer) -> None:
        """Begins without a callback; `client` is the name of the answering instance."""
        self._client = client
        self._send_answer = send_answer
        self._callback: CommandCallback | None = None
        self._queue: queue.Queue[tuple[Command, str] | None] = queue.Queue(maxsize=256)
        self._answers: OrderedDict[str, tuple[bool, str]] = OrderedDict()
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()

    def on_command(self, callback: CommandCallback) -> None:
        """Sets the callback; it replaces an earlier one."""
        self._callback = callback

    def receive(self, payload: bytes) -> None:
        """Queues a message of the command topic; a message that is no command is logged and dropped."""
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
            self._thread = threading.Thread(target=self._run, name="rohe-commands", daemon=True)
            self._thread.start()
        try:
            self._queue.put_nowait((command, reply))
        except queue.Full:
            LOG.warning("too many commands wait; '%s' was dropped and will come again", command.id)

    def close(self) -> None:
        """Executes the commands that wait, within 1 s, and ends the thread; of a full queue they are dropped."""
        if self._thread is None:
            return
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            # A callback that hangs empties no queue, so that waiting for room could last for ever.
            self._ending.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        while not self._ending.is_set() and (delivery := self._queue.get()) is not None:
            command, reply = delivery
            if command.id not in self._answers:
                self._answers[command.id] = self._execute(command)
                while len(self._answers) > MAX_ANSWERS:
                    self._answers.popitem(last=False)
            accepted, why = self._answers[command.id]
            if reply:
                answer = {"id": command.id, "client": self._client, "accepted": accepted, "why": why}
                self._send_answer(reply, json.dumps(answer).encode())

    def _execute(self, command: Command) -> tuple[bool, str]:
        if self._callback is None:
            return False, "the service takes no commands"
        try:
            accepted, why = self._callback(command)
        except Exception as error:
            # The callback is the service's code; an exception of it becomes a refusal, not the end of the thread.
            LOG.exception("the command callback")
            return False, f"{type(error).__name__}: {error}"
        return bool(accepted), str(why)
