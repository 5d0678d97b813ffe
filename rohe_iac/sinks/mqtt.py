"""The MQTT sink: violations, and results where a contract asks for them, as messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

from rohe_iac.foundation.topics import result_topic, violation_topic
from rohe_iac.mqtt.message import Outgoing
from rohe_iac.observation.judging.outcome import Outcome, Result, Violation
from rohe_iac.sinks.sink import SinkFailed


class MqttSink:
    """A sink that publishes violations on `violation/CONTRACT` and results on `result/AGENT/OBJECTIVE`."""

    def __init__(
        self, publish: Callable[[Outgoing], bool], stack: str, agent: str, result_contracts: frozenset[str]
    ) -> None:
        """Prepares the sink.

        Args:
            publish: Sends a message; returns False while there is no connection.
            stack: Name of the stack.
            agent: Name of the agent.
            result_contracts: Contracts whose results are published; violations of all contracts are.
        """
        self._publish, self._stack, self._agent, self._contracts = publish, stack, agent, result_contracts

    @property
    def name(self) -> str:
        """Returns the name under which the store keeps the sink's progress."""
        return "mqtt"

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Publishes a message for each outcome that has a topic.

        Raises:
            SinkFailed: There is no connection to the broker.
        """
        for outcome in outcomes:
            if isinstance(outcome, Violation):
                topic = violation_topic(self._stack, outcome.contract)
            elif isinstance(outcome, Result) and outcome.contract in self._contracts:
                level = re.sub(r"[^a-z0-9_-]", "-", outcome.objective.lower())
                topic = result_topic(self._stack, self._agent, level)
            else:
                continue
            if not self._publish(Outgoing(topic, msgspec.json.encode(outcome))):
                raise SinkFailed("the broker is away")
