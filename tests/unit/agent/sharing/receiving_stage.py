"""A receiving agent with a clock that the test moves, and without a broker."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rohe_iac.agent.sharing import receiver
from rohe_iac.agent.sharing.messages import (
    FromJudge,
    ShareGrant,
    ShareRenewal,
    decode_from_receiver,
    encode,
)
from rohe_iac.agent.sharing.receiver import Receiver
from rohe_iac.foundation.topics import report_topic, share_topic
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.transports import gathering
from rohe_iac.transports.inbox import ConnectionChange, Inbox

CONFIGURATION = Configuration(
    stack="s",
    pipeline="p",
    agent="agent-1",
    judge="agent-0",
    services=(ServiceSpec(name="load"),),
    instances=(Instance(instance="load-0", topic="load", service="load", agent="agent-1"),),
    contracts=(),
)
WALL = 1_795_000_000.0


class Transport:
    """What a receiving agent sends and receives, without a broker."""

    def __init__(self, *arguments: Any, filters: Iterable[str], keep_session: bool) -> None:
        assert not keep_session, "its share is another one in each life"
        self.direct: Mapping[str, Callable[[bytes], None]] = arguments[6]
        self.connection = SimpleNamespace(up=True, broker=SimpleNamespace(url="mqtt://x"))
        self.hindrance = ""
        self.inbox = Inbox()
        self.filters, self.arrived, self.changes = list(filters), list[Incoming](), list[ConnectionChange]()
        self.sent: list[Any] = []
        self.to_broker: list[Incoming] = []
        self.to_reporters: list[tuple[Any, ...]] = []
        self.state: dict[str, Any] = {}

    def receive(self, limit: int, _timeout: float) -> tuple[list[Incoming], list[ConnectionChange]]:
        messages, self.arrived = self.arrived[:limit], self.arrived[limit:]
        changes, self.changes = self.changes, []
        return messages, changes

    def hear(self, filters: Iterable[str]) -> None:
        self.filters = list(filters)

    def publish(self, _topic: str, payload: bytes) -> bool:
        self.sent.append(decode_from_receiver(payload))
        return True

    def acknowledge(self, messages: list[Incoming]) -> None:
        self.to_broker += messages

    def acknowledge_reports(self, *arguments: Any, agent_boot: str) -> None:
        self.to_reporters.append((*arguments, agent_boot))

    def start(self) -> None: ...

    def close(self) -> None: ...

    def heartbeat(self, content: dict[str, Any]) -> None:
        self.state = content


class Stage:
    """A receiving agent, and a clock that the test moves."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.now = 50.0
        patch.setattr(receiver, "time", self)
        patch.setattr(receiver, "AgentTransport", Transport)
        patch.setattr(gathering, "PATIENCE", 0.0)
        self.agent = Receiver(CONFIGURATION, BrokerAddress("127.0.0.1", 1), folder)
        self.transport: Any = self.agent._transport

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return WALL + self.now

    def turn(self, *answers: FromJudge, seconds: float = 1.0) -> list[Any]:
        """Returns what the agent sends in a turn."""
        for answer in answers:
            self.transport.direct[share_topic("s", "agent-1")](encode(answer))
        self.now += seconds
        self.transport.sent.clear()
        self.agent.turn()
        return list(self.transport.sent)

    def grant(self, epoch: str = "e") -> None:
        renewal = next(item for item in self.turn() if isinstance(item, ShareRenewal))
        self.turn(ShareGrant(epoch, self.agent.boot, renewal.serial, 0, 1, ["load-0"], []))

    def report(self, seq: int, **fields: Any) -> None:
        content = {"v": 1, "client": "load-0", "boot": "b", "seq": seq, "at": WALL, "service": "load", **fields}
        self.arrive(report_topic("s", "load", "load-0"), content)

    def arrive(self, topic: str, content: dict[str, Any]) -> None:
        payload = json.dumps(content).encode()
        self.transport.arrived.append(Incoming(topic, payload, 1, False, 1, 1, arrived=time.monotonic()))

    def next_serial(self) -> int:
        """Returns the number of a renewal that has just been sent."""
        return next(item.serial for item in self.turn() if isinstance(item, ShareRenewal))

    def page(self, epoch: str, serial: int, page: int, client: str) -> ShareGrant:
        return ShareGrant(epoch, self.agent.boot, serial, page, 2, [client], [])
