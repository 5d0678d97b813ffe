"""The judging agent's desk with a clock that the test moves, and what its clients and the other agents send."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.agent.intake.batch import IntakeBatch
from rohe_iac.agent.intake.intake import Intake
from rohe_iac.agent.sharing import share_desk
from rohe_iac.agent.sharing.known_receiver import Hold
from rohe_iac.agent.sharing.lease import RENEWAL_INTERVAL
from rohe_iac.agent.sharing.messages import (
    VERSION,
    Entry,
    EntryKind,
    FromReceiver,
    ShareGrant,
    ShareRenewal,
    decode_from_judge,
    encode,
)
from rohe_iac.agent.sharing.share_desk import ShareDesk
from rohe_iac.foundation.topics import batch_topic, state_topic
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec, shared_digest_of
from rohe_iac.sinks.store import AgentStore

JUDGE, FIRST, SECOND = "agent-0", "agent-1", "agent-2"
CONFIGURATION = Configuration(
    stack="s", pipeline="p", agent=JUDGE, judge=JUDGE, services=(ServiceSpec(name="load"),),
    instances=tuple(
        Instance(instance=f"load-{number}", topic="load", service="load", agent=(JUDGE, FIRST, SECOND)[number % 3])
        for number in range(6)
    ),
    contracts=(),
)  # fmt: skip
OWN = {"load-0", "load-3"}
TO_JUDGE, TO_SECOND = {"load-1"}, {"load-4"}
"""Of the clients of FIRST, those that the others hear while it is away: as the hash has it."""


class Desk:
    """The desk with a clock that the test moves, and messages that it hands over."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, configuration: Configuration = CONFIGURATION) -> None:
        self.now = 100.0
        patch.setattr(share_desk, "time", self)
        self.store = AgentStore(folder)
        self.sent: list[tuple[str, Any]] = []
        self.filters: list[str] = []
        self.ended: list[str] = []
        self.waits: list[str] = []
        self.connected = self.complete = True
        self.intake = Intake(self.store, JUDGE)
        self.desk = ShareDesk(configuration, self.intake, "judge-boot")
        self.desk.connect(self.send, self.hear, self.ended.extend)
        self.serials = dict.fromkeys((FIRST, SECOND), 0)

    def monotonic(self) -> float:
        return self.now

    def send(self, topic: str, payload: bytes) -> bool:
        self.sent.append((topic.split("/")[-1], decode_from_judge(payload)))
        return True

    def hear(self, filters: list[str]) -> None:
        self.filters = filters

    def turn(self, *messages: Incoming) -> IntakeBatch:
        batch = self.desk.process(list(messages), self.now)
        self.desk.decide(batch, connected=self.connected, complete=self.connected and self.complete)
        self.waits += [item.kind for item, _ in batch.inputs if item.kind in ("pause", "resume")]
        self.store.write(batch.transaction)
        self.desk.answer()
        return batch

    def tell(self, agent: str, message: FromReceiver) -> IntakeBatch:
        topic = batch_topic("s", JUDGE, agent)
        return self.turn(Incoming(topic, encode(message), 1, False, 1, 1))

    def renew(self, agent: str, epoch: str = "", digest: str = "", version: int = VERSION) -> IntakeBatch:
        self.serials[agent] += 1
        digest = digest or shared_digest_of(CONFIGURATION)
        return self.tell(agent, ShareRenewal(f"boot-{agent}", digest, epoch, self.serials[agent], version))

    def take(self, agent: str, kind: type) -> Any:
        found = [message for name, message in self.sent if name == agent and isinstance(message, kind)]
        assert found, f"{agent} was sent no {kind.__name__}: {self.sent}"
        self.sent.clear()
        return found[-1]

    def grant(self, agent: str) -> ShareGrant:
        self.renew(agent)
        granted: ShareGrant = self.take(agent, ShareGrant)
        self.renew(agent, granted.epoch)
        return granted

    def grant_all(self) -> tuple[ShareGrant, ShareGrant]:
        """Has both agents hear their shares, so that the watermark waits for nobody."""
        assert not self.ended, "a session of one agent alone is all that hears the others"
        granted = self.grant(FIRST), self.grant(SECOND)
        assert "rohe/v1/s/report/load/+" in self.ended
        assert self.waits == ["pause", "resume"]
        self.waits.clear()
        return granted

    def grants(self, agent: str) -> list[ShareGrant]:
        return [message for name, message in self.sent if name == agent and isinstance(message, ShareGrant)]

    def hold(self, agent: str) -> Hold:
        return self.desk.receivers[agent].hold

    def silence(self, agent: str, other: str, epoch: str) -> None:
        """Lets the lease of an agent end, while another one goes on."""
        while self.hold(agent) is not Hold.NONE:
            self.now += RENEWAL_INTERVAL
            self.renew(other, epoch)

    def stored(self) -> int:
        return self.store.counters().get("reports", 0)


def state_of(client: str, state: str = "online", *, retained: bool = False) -> Incoming:
    # The word `online` in another field says nothing.
    content = json.dumps({"state": state, "boot": "online", "at": 1.0}).encode()
    return Incoming(state_topic("s", client), content, 1, retained, 1, 1)


def report(client: str, seq: int) -> Entry:
    content = {"client": client, "boot": "b", "seq": seq, "at": 1.0, "service": "load", "instance": client}
    return EntryKind.REPORT, client, json.dumps(content).encode()
