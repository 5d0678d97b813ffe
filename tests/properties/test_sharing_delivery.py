"""The model of the delivery with three agents: whichever is killed, silent or cut off, each report is stored once.

To what the model of one agent draws come turns of receiving agents, their ends, and waits around the length of a lease;
messages between the agents are lost, repeated and reordered like all others. No two agents hear a client at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from drawing import HUNT
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule
from modelled_broker import MAX_UNACKNOWLEDGED
from modelled_processes import CLIENTS, AgentProcess
from modelled_sharing import RECEIVERS, ReceivingProcess, SharedWorld
from test_delivery import Delivery, report_and_send

from rohe_iac.agent.sharing.lease import HOLD_SECONDS, LEASE, SILENCE

receivers = st.sampled_from(RECEIVERS)
silences = st.sampled_from([0.3, SILENCE + 0.1, HOLD_SECONDS + 0.1, LEASE + 0.1])


class SharedDelivery(Delivery):
    """Two services, three agents and a broker between them."""

    def _new_world(self, folder: Path) -> SharedWorld:
        return SharedWorld(folder, self._patch)

    @property
    def shared(self) -> SharedWorld:
        return cast(SharedWorld, self.world)

    @rule(name=receivers)
    def receive(self, name: str) -> None:
        self._do(self.shared.receivers[name], ReceivingProcess.turn)

    @rule(name=receivers, fuse=st.integers(1, 12))
    def receive_and_be_killed(self, name: str, fuse: int) -> None:
        self._do(self.shared.receivers[name], ReceivingProcess.turn, fuse)

    @rule(name=receivers, orderly=st.booleans())
    def end_receiver(self, name: str, orderly: bool) -> None:
        self._do(self.shared.receivers[name], ReceivingProcess.stop if orderly else ReceivingProcess.kill)

    @rule(
        seconds=st.sampled_from([0.3, SILENCE + 0.1, HOLD_SECONDS + 0.1, LEASE + 0.1]),
        name=st.sampled_from([*RECEIVERS, ""]),
    )
    def sleep_while_others_work(self, seconds: float, name: str) -> None:
        """One agent does nothing for a while, and the others go on."""
        end = self.world.elapsed.seconds + seconds
        while self.world.elapsed.seconds < end:
            self._exchange_but(name)

    @rule(name=receivers, before=st.integers(0, 3), after=st.integers(0, 3))
    def grant_late(self, name: str, before: int, after: int) -> None:
        """A grant arrives when its lease is nearly over, so that it is taken and given up before a renewal is due."""
        process, elapsed = self.shared.receivers[name], self.world.elapsed
        self._pass_on()
        self._do(self.world.agent, AgentProcess.turn)
        elapsed.seconds += LEASE + 0.1
        self._do(process, ReceivingProcess.turn)
        self._pass_on(but=name)
        self._do(self.world.agent, AgentProcess.turn)
        elapsed.seconds += HOLD_SECONDS - 0.2
        self._do(process, ReceivingProcess.turn)
        self._pass_on()
        elapsed.seconds += 0.1
        self._do(process, ReceivingProcess.turn)
        for reports, seconds in ((before, 0.2), (after, 1.0)):
            for client in CLIENTS:
                for _ in range(reports):
                    self._do(self.world.services[client], report_and_send)
            self._pass_on()
            self._do(process, ReceivingProcess.turn)
            elapsed.seconds += seconds
            self._do(process, ReceivingProcess.turn)
            self._pass_on()
            self._do(self.world.agent, AgentProcess.turn)
            self._pass_on()
        self._do(process, ReceivingProcess.turn)

    def _pass_on(self, but: str = "") -> None:
        """Has everything arrive that is under way, but what is for one agent."""
        broker = self.world.network.broker
        for connection in list(broker.connections.values()):
            broker.take_in(connection, 1000)
        for connection in list(broker.connections.values()):
            if connection.client_id != but:
                broker.deliver(connection, 1000)

    def _exchange_but(self, sleeper: str) -> None:
        self._sleeper = sleeper
        self._exchange()
        self._sleeper = ""

    _sleeper = ""

    def _exchange(
        self, disturb: Callable[[], None] | None = None, *, with_acks: bool = True, unheard: str = ""
    ) -> None:
        super()._exchange(disturb, with_acks=with_acks, unheard=unheard)
        for name, process in self.shared.receivers.items():
            if name != self._sleeper:
                self._do(process, ReceivingProcess.turn)
        broker = self.world.network.broker
        for connection in list(broker.connections.values()):
            broker.take_in(connection, 1000)
        for _ in range(4):
            for connection in list(broker.connections.values()):
                broker.deliver(connection, 1000)
            self._do(self.world.agent, AgentProcess.turn)
        self.world.elapsed.seconds += 0.3

    def _agent_is_behind(self) -> bool:
        """Checks whether messages wait for any agent; a receiving one takes a few of them in each exchange."""
        sessions = self.world.network.broker.sessions
        agents = [self.world.agent, *self.shared.receivers.values()]
        found = [sessions.get(agent.connection.client_id) for agent in agents]
        return any(len(session.queue) > MAX_UNACKNOWLEDGED for session in found if session is not None)


TestSharedDelivery = pytest.mark.hunt(SharedDelivery.TestCase)
TestSharedDelivery.settings = settings(max_examples=100 if HUNT else 15, stateful_step_count=30, deadline=None)


class LongSharedDelivery(SharedDelivery):
    """The same, for longer."""


TestLongSharedDelivery = pytest.mark.soak(LongSharedDelivery.TestCase)
TestLongSharedDelivery.settings = settings(max_examples=1000, stateful_step_count=120, deadline=None)


@pytest.mark.parametrize("reports", [1, 3])
def test_a_grant_that_arrives_late_loses_no_report(reports: int) -> None:
    delivery = SharedDelivery()
    try:
        delivery.begin()
        for _ in range(5):
            delivery._exchange()
        for _ in range(3):
            delivery.grant_late(RECEIVERS[0], reports, reports)
            delivery.nothing_is_lost_or_doubled()
    finally:
        delivery.teardown()
