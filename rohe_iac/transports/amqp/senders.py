"""Senders on AMQP: which instance a report is of, by its routing key or by what its client says of itself.

On MQTT the broker lets each client publish on its own topics alone. On AMQP all clients publish to one exchange, mostly
with one routing key, so a report is of whoever it says it is of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from rohe_iac.foundation.names import instance_id
from rohe_iac.foundation.topics import MAX_REPORT_BYTES, ROOT, report_topic
from rohe_iac.observation.configuration import Instance

INSTANCE_FIELDS = ("instance_id", "instance_name", "name")
"""Fields of a QoA4ML client that may have the id or the name of a replica, in the order in which they are tried."""

SERVICE_FIELDS = ("name", "instance_name", "stage_id", "functionality")
"""Fields of a QoA4ML client that may have the name of a service, in the order in which they are tried."""

UNKNOWN = "unknown"
"""The service level of the topic of a report whose sender is not known."""

MAX_LEVEL = 128
"""Characters of a topic's level that is made of what a client says."""


class _SaidOfSender(msgspec.Struct):
    """What a report says of its sender: in `metadata`, or, in rohe's own form, beside its values."""

    metadata: Any = None
    instance: Any = None
    service: Any = None


_SAID_OF_SENDER = msgspec.json.Decoder(_SaidOfSender)


class AmqpSenders:
    """Finds the topic that the sender of a report would have used on MQTT."""

    def __init__(self, stack: str, instances: Iterable[Instance]) -> None:
        """Takes the replicas of a pipeline.

        Args:
            stack: Name of the stack.
            instances: Replicas whose reports belong to the pipeline.
        """
        self._stack = stack
        self._key = f"{ROOT}/{stack}/report/".replace("/", ".")
        self._instances: dict[str, Instance] = {}
        self._topics: dict[str, str] = {}
        self._sole: dict[str, list[str]] = {}
        members: dict[str, set[str]] = {}
        for instance in instances:
            self._instances[instance.instance] = instance
            self._instances[instance_id(stack, instance.instance)] = instance
            for name in {instance.service, instance.topic}:
                self._topics[name] = instance.topic
                self._sole.setdefault(name, []).append(instance.instance)
            if instance.member:
                members.setdefault(instance.member, set()).add(instance.topic)
                self._sole.setdefault(f"/{instance.member}", []).append(instance.instance)
        self._members = {name: min(topics) for name, topics in members.items() if len(topics) == 1}

    def topic_of(self, routing_key: str, body: bytes) -> tuple[str, str]:
        """Returns the topic of a report's sender, and why the sender is not known; "" where it is, and for no reports.

        A routing key like that of RabbitMQ's MQTT plugin, `rohe.v1.STACK.report.SERVICE.INSTANCE`, says it. Otherwise
        the report does: by the id or name of a replica, or by the name of a service or of a member of an ensemble. A
        service's only replica is then meant; of several, only the service is known.

        Args:
            routing_key: Routing key of the message.
            body: Bytes of the message.
        """
        if routing_key.startswith(self._key):
            service, _, instance = routing_key.removeprefix(self._key).partition(".")
            if service in self._topics.values() and instance and not set(instance) & set("./+#"):
                return report_topic(self._stack, service, instance), ""
        nowhere = report_topic(self._stack, UNKNOWN, _level(routing_key) or UNKNOWN)
        if len(body) > MAX_REPORT_BYTES:
            return nowhere, ""
        try:
            envelope = _SAID_OF_SENDER.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return nowhere, ""  # whoever decodes it finds that it is no report
        client = _client_of(envelope)
        for field in INSTANCE_FIELDS:
            if (known := self._instances.get(client.get(field, ""))) is not None:
                return report_topic(self._stack, known.topic, known.instance), ""
        for field in SERVICE_FIELDS:
            name = client.get(field, "")
            topic = self._topics.get(name) or self._members.get(name)
            if topic is not None:
                replicas = self._sole[name if name in self._topics else f"/{name}"]
                instance = replicas[0] if len(replicas) == 1 else next(_names_of(client), UNKNOWN)
                return report_topic(self._stack, topic, instance), ""
        said = [f"{field} '{client[field]:.80}'" for field in (*INSTANCE_FIELDS, "stage_id") if field in client]
        if not said:
            return nowhere, "the report says nothing of its sender"
        return nowhere, f"no replica or service of the pipeline has the {', '.join(said)}"


def _client_of(envelope: _SaidOfSender) -> dict[str, str]:
    """Returns the texts of what a report says of its client, by the names of QoA4ML's fields."""
    found = envelope.metadata
    if isinstance(found, dict):
        # Probes say client_info, reports client_config, and user-defined reports have the fields themselves.
        inner = found.get("client_config", found.get("client_info"))
        found = inner if isinstance(inner, dict) else found
    else:
        found = {"instance_name": envelope.instance, "name": envelope.service}
    return {
        field: value
        for field in {*INSTANCE_FIELDS, *SERVICE_FIELDS}
        if isinstance(value := found.get(field), str) and value
    }


def _names_of(client: dict[str, str]) -> Iterator[str]:
    """Yields the names of an unknown replica of a known service that can be a level of a topic."""
    yield from (level for field in INSTANCE_FIELDS if (level := _level(client.get(field, ""))))


def _level(text: str) -> str:
    """Returns the text as a level of a topic, without what a level cannot have."""
    return "".join("-" if letter in "/+#" or not letter.isprintable() else letter for letter in text[:MAX_LEVEL])
