"""Questions of the command line to an agent, sent over the broker and answered page by page."""

from __future__ import annotations

import json
import logging
import queue
import secrets
import time
from typing import Any

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.topics import command_topic, reply_topic
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Incoming, Outgoing
from rohe_iac.transports.long_status import joined_answer

LOG = logging.getLogger("rohe.questions")

RETRY_INTERVAL = 1.5
"""Seconds after which a question without any answer is published again."""


class BrokerUnreachable(RoheError):
    """The stack's broker does not answer."""

    exit_code = ExitCode.UNREACHABLE


class AgentSilent(RoheError):
    """The broker answers and the agent does not."""

    exit_code = ExitCode.UNREACHABLE


class RefusedQuestion(RoheError):
    """The agent understood the question and has no answer."""

    exit_code = ExitCode.USAGE


class Inquirer:
    """A connection of the command line for asking agents, used as a context manager."""

    def __init__(self, broker: BrokerAddress, stack: str, timeout: float = 5.0) -> None:
        """Prepares the connection; entering the context opens it.

        Args:
            broker: Address of the stack's broker.
            stack: Name of the stack.
            timeout: Seconds to wait for the broker, and for every page of an answer.
        """
        self._stack, self._timeout = stack, timeout
        self._client = f"operator-{secrets.token_hex(16)}"
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
            last_error = self._connection.last_error
            self._connection.close()
            raise BrokerUnreachable(
                f"the broker of stack '{self._stack}' cannot be reached",
                detail=last_error,
                hint="`rohe status` shows what runs; `rohe apply` starts what does not",
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, agent: str, question: str, **parameters: Any) -> list[Any]:
        """Asks one question and returns the items of the answer.

        Args:
            agent: Name of the agent.
            question: Kind of question: status, results, violations, explain or restore.
            parameters: Further keys of the question.

        Raises:
            AgentSilent: No page came within the timeout.
            RefusedQuestion: The agent does not know the question or has no answer.
        """
        question_id = secrets.token_hex(8)
        content = {"id": question_id, "ask": question, "reply": self._client, **parameters}
        topic = command_topic(self._stack, agent)
        LOG.info("asking agent %s for %s", agent, question)
        pages: dict[int, list[Any]] = {}
        last_page: int | None = None
        payload = json.dumps(content).encode()
        now = time.monotonic()
        end, next_attempt = now + self._timeout, now
        while last_page is None or len(pages) <= last_page:
            now = time.monotonic()
            if now >= end:
                raise AgentSilent(
                    f"agent '{agent}' of stack '{self._stack}' did not answer within {self._timeout:g} s",
                    hint="`rohe status` shows whether it runs; `rohe logs` shows its output",
                )
            if not pages and now >= next_attempt:
                # An agent that has only just started did not receive what was published before.
                # A broker holds messages of QoS 1 back while the agent leaves too many reports unacknowledged, as it
                # does on a full disk.
                self._connection.publish(Outgoing(topic, payload, qos=0))
                next_attempt = now + RETRY_INTERVAL
            try:
                message = self._pages.get(timeout=min(end - now, 0.25))
            except queue.Empty:
                continue
            page = json.loads(message.payload)
            if page.get("id") != question_id:
                continue
            if "refused" in page:
                raise RefusedQuestion(f"agent '{agent}' refused: {page['refused']}")
            pages[int(page["page"])] = page["items"]
            if page["last"]:
                last_page = int(page["page"])
            end = time.monotonic() + self._timeout
        return joined_answer(question, [item for index in sorted(pages) for item in pages[index]])
