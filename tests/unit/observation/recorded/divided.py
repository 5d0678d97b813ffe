"""Messages divided over several agents, which hold them back for as long as chance has it."""

from __future__ import annotations

import random
import zlib
from collections import deque
from collections.abc import Callable

from rohe_iac.agent.intake.batch import IntakeBatch
from rohe_iac.agent.intake.intake import Intake
from rohe_iac.agent.sharing.forwarding_intake import ForwardingIntake, GrantedNumbers
from rohe_iac.agent.sharing.held_share import HeldShare
from rohe_iac.agent.sharing.messages import FromReceiver, ShareGrant, ShareRenewal, decode_from_judge, encode
from rohe_iac.agent.sharing.share_desk import ShareDesk
from rohe_iac.foundation.topics import batch_topic
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.configuration import Configuration, shared_digest_of
from rohe_iac.observation.needed_names import needed_names
from rohe_iac.observation.reports.senders import Senders
from rohe_iac.sinks.store import AgentStore

Commit = Callable[[str, list[Incoming], float], IntakeBatch]
"""Takes in messages of one agent at a time (seconds since the epoch)."""


class Delays:
    """Gives each message to the agent of its client, and commits the messages of an agent at times by chance."""

    def __init__(self, commit: Commit, agents: int, seed: int, most: int) -> None:
        """Begins with nothing under way.

        Args:
            commit: Commits messages of one agent.
            agents: Number of agents.
            seed: Seed of the chance.
            most: Messages that wait at most; 0 where each is committed at once.
        """
        self._commit, self._chance, self._most = commit, random.Random(seed), most
        self._waiting: list[deque[Incoming]] = [deque() for _ in range(agents)]

    def take(self, message: Incoming, at: float) -> list[IntakeBatch]:
        client = message.topic.split("/")[-1]
        self._waiting[zlib.crc32(client.encode()) % len(self._waiting)].append(message)
        found = []
        while (waiting := sum(map(len, self._waiting))) and (waiting > self._most or self._chance.random() < 0.05):
            found.append(self._deliver(at))
        return found

    def finish(self, at: float) -> list[IntakeBatch]:
        found = []
        while any(self._waiting):
            found.append(self._deliver(at))
        return found

    def _deliver(self, at: float) -> IntakeBatch:
        number = self._chance.choice([number for number, waiting in enumerate(self._waiting) if waiting])
        waiting = self._waiting[number]
        count = self._chance.randrange(1, len(waiting) + 1)
        return self._commit(f"agent-{number + 1}", [waiting.popleft() for _ in range(count)], at)


def alone_after(agents: int, seed: int, most: int) -> Callable[[Configuration, AgentStore], Delays]:
    """Returns one agent that gets the messages when several would have committed them."""

    def begin(configuration: Configuration, store: AgentStore) -> Delays:
        intake = Intake(store, configuration.agent, Senders(configuration.instances))
        return Delays(lambda _agent, messages, at: intake.process(messages, at), agents, seed, most)

    return begin


def several(agents: int, seed: int = 0, most: int = 0) -> Callable[[Configuration, AgentStore], Delays]:
    """Returns receiving agents that send batches to one that judges, through the real classes without a broker."""

    def begin(configuration: Configuration, store: AgentStore) -> Delays:
        return Delays(_Several(configuration, store, agents).commit, agents, seed, most)

    return begin


class _Several:
    def __init__(self, configuration: Configuration, store: AgentStore, agents: int) -> None:
        self._configuration, self._sent = configuration, list[bytes]()
        senders = Senders(configuration.instances)
        intake = Intake(store, configuration.agent, senders)
        self._desk = ShareDesk(configuration, intake, "boot")
        self._desk.connect(lambda _, payload: not self._sent.append(payload), lambda _: None, lambda _: None)
        # Clients are given by the test, so that each agent has its share whatever the plan says.
        self._shares: dict[str, HeldShare] = {}
        for number in range(agents):
            agent = f"agent-{number + 1}"
            self._tell(agent, ShareRenewal("boot", shared_digest_of(configuration), "", 1), 0.0)
            receiver = self._desk.receivers[agent]
            self._desk._grant(receiver, set())
            self._desk.answer()
            grant = decode_from_judge(self._sent.pop())
            assert isinstance(grant, ShareGrant)
            forwarding = ForwardingIntake(
                GrantedNumbers(grant.numbers), agent, senders, configuration.retention, needed_names(configuration)
            )
            self._shares[agent] = HeldShare(grant.epoch, grant.clients, forwarding, 0.0)

    def _tell(self, agent: str, message: FromReceiver, at: float) -> IntakeBatch:
        return self._tell_bytes(agent, encode(message), at)

    def _tell_bytes(self, agent: str, payload: bytes, at: float) -> IntakeBatch:
        topic = batch_topic(self._configuration.stack, self._configuration.agent, agent)
        return self._desk.process([Incoming(topic, payload, 1, False, 1, 1)], at)

    def commit(self, agent: str, messages: list[Incoming], at: float) -> IntakeBatch:
        share, receiver = self._shares[agent], self._desk.receivers[agent]
        for message in messages:
            receiver.clients.add(message.topic.split("/")[-1])
        share.take_in(messages, at)
        whole = IntakeBatch(now=at)
        for batch in share.take_committed(10**9):
            taken = self._tell_bytes(agent, batch.payload, at)
            whole.inputs += taken.inputs
            for name in ("dead_letters", "digests"):
                getattr(whole.transaction, name).extend(getattr(taken.transaction, name))
        return whole
