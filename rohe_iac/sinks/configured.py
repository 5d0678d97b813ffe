"""The sinks that the configuration of an agent names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rohe_iac.mqtt.message import Outgoing
from rohe_iac.mqtt.receipt import Receipt
from rohe_iac.observation.configuration import Configuration
from rohe_iac.sinks.jsonl import JsonlSink
from rohe_iac.sinks.mqtt import MqttSink

LOG = logging.getLogger("rohe.agent")

SINK_KINDS = ("store", "jsonl", "mqtt")
"""Kinds of sinks that an agent has."""


def configured_sinks(
    configuration: Configuration, send: Callable[[Outgoing], Receipt | None]
) -> Iterator[MqttSink | JsonlSink]:
    """Yields the sinks beside the store: always MQTT, for violations, and each folder of JSON lines once.

    Args:
        configuration: What the agent observes and judges.
        send: Sends a message to the stack's broker; returns None without connection.
    """
    by_contract = {contract.name: contract.sinks for contract in configuration.contracts}
    with_results = frozenset(
        name for name, sinks in by_contract.items() if any(_kind_of(sink) == "mqtt" for sink in sinks)
    )
    yield MqttSink(send, configuration.stack, configuration.agent, with_results)
    all_sinks = [sink for sinks in by_contract.values() for sink in sinks]
    unknown = {kind for sink in all_sinks if (kind := _kind_of(sink)) not in SINK_KINDS}
    if unknown:
        LOG.warning("no such sink here, nothing is written to it: %s", ", ".join(sorted(unknown)))
    for folder in sorted({str(sink["jsonl"]) for sink in all_sinks if _kind_of(sink) == "jsonl"}):
        yield JsonlSink(Path(folder))


def _kind_of(sink: Any) -> str:
    return next(iter(sink)) if isinstance(sink, dict) and sink else str(sink)
