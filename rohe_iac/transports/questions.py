"""Questions: what the command line asks an agent, over the broker, page by page."""

from __future__ import annotations

import json
import queue
import secrets
import time
from typing import Any

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.topics import command_topic, reply_topic
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Incoming, Outgoing

ASK_AGAIN = 1.5
"""Seconds after which a question without any answer is asked again."""


class BrokerUnreachable(RoheError):
    """The stack's broker does not answer."""

    exit_code = ExitCode.UNREACHABLE


class AgentSilent(RoheError):
    """The broker answers and the agent does not."""

    exit_code = ExitCode.UNREACHABLE


class Inquirer:
    """A connection of the command line's; use it as a context."""

    def __init__(self, broker: BrokerAddress, stack: str, timeout: float = 5.0) -> None:
        """timeout: seconds to wait for the broker, and for every page of an answer."""
        self._stack, self._timeout = stack, timeout
        self._client = f"operator-{secrets.token_hex(4)}"
        self._pages: queue.Queue[Incoming] = queue.Queue()
        self._connection = Connection(
            broker,
            self._client,
            subscriptions=(reply_topic(stack, self._client),),
            on_message=self._pages.put,
        )

    def __enter__(self) -> Inquirer:
        self._connection.start()
        if not self._connection.wait_up(self._timeout):
            trouble = self._connection.trouble
            self._connection.close()
            raise BrokerUnreachable(
                f"the broker of stack '{self._stack}' cannot be reached",
                detail=trouble,
                hint="`rohe status` tells what runs; `rohe apply` starts what does not",
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, agent: str, question: str, **parameters: Any) -> list[Any]:
        """The items of the agent's answer.

        Errors: AgentSilent; RefusedQuestion where the agent does not know what is asked.
        """
        number = secrets.token_hex(8)
        content = {"id": number, "ask": question, "reply": self._client, **parameters}
        topic = command_topic(self._stack, agent)
        pages: dict[int, list[Any]] = {}
        last: int | None = None
        payload = json.dumps(content).encode()
        now = time.monotonic()
        end, again = now + self._timeout, now
        while last is None or len(pages) <= last:
            now = time.monotonic()
            if now >= end:
                raise AgentSilent(
                    f"agent '{agent}' of stack '{self._stack}' did not answer within {self._timeout:g} s",
                    hint="`rohe status` tells whether it runs; `rohe logs` tells what it says",
                )
            if not pages and now >= again:
                # An agent that only just starts does not hear what was asked before.
                self._connection.publish(Outgoing(topic, payload))
                again = now + ASK_AGAIN
            try:
                message = self._pages.get(timeout=min(end - now, 0.25))
            except queue.Empty:
                continue
            page = json.loads(message.payload)
            if page.get("id") != number:
                continue
            if "refused" in page:
                raise RefusedQuestion(f"agent '{agent}' refused: {page['refused']}")
            pages[int(page["page"])] = page["items"]
            if page["last"]:
                last = int(page["page"])
            end = time.monotonic() + self._timeout
        return [item for index in sorted(pages) for item in pages[index]]


class RefusedQuestion(RoheError):
    """The agent understood the question and has no answer."""

    exit_code = ExitCode.USAGE


def ask(
    broker: BrokerAddress, stack: str, agent: str, question: str, timeout: float = 5.0, **parameters: Any
) -> list[Any]:
    """The items of an agent's answer to one question.

    Errors: BrokerUnreachable, AgentSilent, RefusedQuestion.
    """
    with Inquirer(broker, stack, timeout) as inquirer:
        return inquirer.ask(agent, question, **parameters)
