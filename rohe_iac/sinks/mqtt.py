"""The MQTT sink: violations, and results where a contract asks for them, as messages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from rohe_iac.foundation.topics import result_topic, violation_topic
from rohe_iac.mqtt.message import Outgoing
from rohe_iac.mqtt.receipt import Receipt
from rohe_iac.observation.judging.outcome import Outcome, Result, Violation
from rohe_iac.sinks.sink import Confirm, SinkFailed

PATIENCE = 30.0
"""Seconds for which the broker's answer to a message is waited for on a connection that stays."""


class MqttSink:
    """A sink that publishes violations on `violation/CONTRACT` and results on `result/AGENT/OBJECTIVE`."""

    def __init__(
        self, send: Callable[[Outgoing], Receipt | None], stack: str, agent: str, result_contracts: frozenset[str]
    ) -> None:
        """Prepares the sink.

        Args:
            send: Sends a message; returns None while there is no connection.
            stack: Name of the stack.
            agent: Name of the agent.
            result_contracts: Contracts whose results are published; violations of all contracts are.
        """
        self._send, self._stack, self._agent, self._contracts = send, stack, agent, result_contracts

    @property
    def name(self) -> str:
        """Returns the name under which the store keeps the sink's progress."""
        return "mqtt"

    @property
    def contracts(self) -> frozenset[str]:
        """Returns the contracts whose results it publishes."""
        return self._contracts

    def write(self, outcomes: Sequence[Outcome]) -> Confirm | None:
        """Publishes a message for each outcome that has a topic; they are written once the broker has answered each.

        Raises:
            SinkFailed: There is no connection to the broker.
        """
        receipts: list[Receipt] = []
        for outcome in outcomes:
            if isinstance(outcome, Violation):
                topic = violation_topic(self._stack, outcome.contract)
            elif isinstance(outcome, Result) and outcome.contract in self._contracts:
                level = re.sub(r"[^a-z0-9_-]", "-", outcome.objective.lower())
                topic = result_topic(self._stack, self._agent, level)
            else:
                continue
            receipt = self._send(Outgoing(topic, msgspec.json.encode(outcome)))
            if receipt is None:
                raise SinkFailed("the broker is away")
            receipts.append(receipt)
        return partial(_all_arrived, receipts, time.monotonic() + PATIENCE) if receipts else None


def _all_arrived(receipts: list[Receipt], end: float) -> bool:
    """Checks whether the broker has taken all messages over.

    Args:
        receipts: What tells that of each message.
        end: Time of the monotonic clock until which that is waited for.

    Raises:
        SinkFailed: It refused one, did not answer in time, or its connection ended before.
    """
    if any(receipt.lost for receipt in receipts):
        raise SinkFailed("the connection to the broker ended before it had taken all messages")
    if not all(receipt.answered for receipt in receipts):
        if time.monotonic() > end:
            raise SinkFailed(f"the broker has not answered within {PATIENCE:.0f} s")
        return False
    refusals = [receipt.refusal for receipt in receipts if receipt.refusal]
    if refusals:
        raise SinkFailed(f"the broker refuses messages: {refusals[0]}")
    return True
