"""Several agents of a pipeline in the model of the delivery: one judges, two receive, each of the real classes."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from modelled_delivery import World
from modelled_processes import BROKER, CLIENTS, CONFIGURATION, AgentProcess

from rohe_iac.agent.sharing import receiver, share_desk
from rohe_iac.mqtt.message import Outgoing
from rohe_iac.observation.configuration import Configuration

RECEIVERS = ("agent-1", "agent-2")


def _shared(agent: str) -> Configuration:
    instances = tuple(
        msgspec.structs.replace(item, agent=name) for item, name in zip(CONFIGURATION.instances, RECEIVERS, strict=True)
    )
    return msgspec.structs.replace(CONFIGURATION, agent=agent, judge=CONFIGURATION.agent, instances=instances)


class JudgingProcess(AgentProcess):
    """The agent that judges; it counts reports of batches, and not the messages of its broker."""

    configuration = _shared(CONFIGURATION.agent)
    counts_messages = False


class ReceivingProcess:
    """An agent that receives, turn by turn; nothing of it outlives it."""

    def __init__(self, world: World, name: str) -> None:
        self._world, self.name = world, name
        self.receiver: Any = None
        self.start()

    @property
    def connection(self) -> Any:
        return self.receiver._transport.connection if self.receiver is not None else None

    def start(self) -> None:
        self.receiver = receiver.Receiver(_shared(self.name), BROKER, self._world.new_folder())
        self.receiver._transport.start()

    def turn(self) -> None:
        self.receiver.turn()

    def kill(self) -> None:
        connection, self.receiver = self.connection, None
        self._world.network.broker.disconnect(connection)

    def stop(self) -> None:
        """Ends in order, without waiting for the judging agent."""
        left, self.receiver = self.receiver, None
        left._transport.close()


class SharedWorld(World):
    """Two services, an agent that judges and two that receive, and a broker between them."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, patch)
        patch.setattr(receiver, "time", self.of_agent)
        patch.setattr(share_desk, "time", self.of_agent)
        patch.setattr(receiver, "RECEIVE_TIMEOUT", 0.0)
        patch.setattr(receiver, "MAX_MESSAGES", 7)
        patch.setattr(receiver, "secrets", SimpleNamespace(token_hex=lambda _: f"{next(self._numbers):08x}"))
        self.agent.kill()
        self.agent.start()
        self.receivers = {name: ReceivingProcess(self, name) for name in RECEIVERS}

    def _new_agent(self) -> AgentProcess:
        return JudgingProcess(self)

    def processes(self) -> list[Any]:
        return [*self.services.values(), self.agent, *getattr(self, "receivers", {}).values()]

    def _watch_publish(self, message: Outgoing) -> None:
        self.pass_point()
        levels = message.topic.split("/")
        if levels[3] == "ack":
            content = json.loads(message.payload)
            self.agent.read_store()
            stored = self.ledger.numbers.get((levels[-1], content["boot"]), set())
            # Of a receiving agent an acknowledgement says what was committed when its batch was, or more.
            missing = {seq for first, last in content["holes"] for seq in range(first, last + 1)}
            acknowledged = set(range(1, content["up_to_seq"] + 1)) - missing
            assert acknowledged <= stored, (
                f"{content} acknowledges {sorted(acknowledged - stored)} before they are stored"
            )

    def hears(self, client: str) -> set[str]:
        """Returns the agents that believe that they hear a client, and would acknowledge its reports."""
        found = {
            name
            for name, process in self.receivers.items()
            if process.receiver is not None
            and (share := process.receiver.share) is not None
            and client in share.clients
            and self.elapsed.seconds <= share.until
        }
        if self.agent.worker is not None and client in self.agent.worker._desk.own:
            found.add(self.agent.configuration.agent)
        return found

    def check(self) -> None:
        super().check()
        for client in CLIENTS:
            assert len(found := self.hears(client)) <= 1, f"{client} is heard by {sorted(found)}"
