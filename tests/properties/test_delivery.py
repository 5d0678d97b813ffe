"""Every accepted report is stored exactly once, and acknowledged only then, whatever happens on the way.

A state machine draws what happens: reports of all kinds, processes that are killed or end, a broker that loses, repeats
and reorders messages, forgets its sessions or is restored from a copy, clocks that are set, a store without room. What
holds is checked after every step (`World.check`), and at the end of each run, after everything could be delivered.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from drawing import HUNT
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from modelled_broker import MAX_UNACKNOWLEDGED, ModelledConnection, Session
from modelled_delivery import World
from modelled_processes import (
    CLIENTS,
    LARGEST,
    LARGEST_OF_SERVICE,
    MOST_BOOTS,
    MOST_WAITING,
    AgentProcess,
    Killed,
    ServiceProcess,
)

QUIET_ROUNDS = 60
"""Rounds of a second within which everything is delivered once nothing disturbs; resends are up to 30 s apart."""

clients = st.sampled_from(CLIENTS)
ends = st.integers(0, 4)
places = st.integers(0, 30)
counts = st.integers(1, 10)
DAY = 86400.0
MEMORY = Path("/dev/shm")


class Delivery(RuleBasedStateMachine):
    """Two services, an agent and a broker between them."""

    def __init__(self) -> None:
        super().__init__()
        self._failed = False
        self._patch = pytest.MonkeyPatch()
        # Processes are killed, and never the machine: files in memory will do, and are ten times as fast.
        self._folder = tempfile.TemporaryDirectory(prefix="rohe-delivery-", dir=MEMORY if MEMORY.is_dir() else None)
        self.world = self._new_world(Path(self._folder.name))

    def _new_world(self, folder: Path) -> World:
        return World(folder, self._patch)

    @initialize()
    def begin(self) -> None:
        self._connect_all()

    # Processes at work.

    @rule(client=clients, count=st.integers(1, 8))
    def report(self, client: str, count: int) -> None:
        for _ in range(count):
            self._do(self.world.services[client], ServiceProcess.report)

    @rule(client=clients, count=st.integers(1, 8))
    def report_to_a_slow_disk(self, client: str, count: int) -> None:
        for _ in range(count):
            self._do(self.world.services[client], lambda service: service.report(slow=True))

    @rule(client=clients, size=st.sampled_from([LARGEST + 1, LARGEST_OF_SERVICE + 1]))
    def report_too_much(self, client: str, size: int) -> None:
        self._do(self.world.services[client], lambda service: service.report(size))

    @rule(client=clients)
    def report_as_another_service(self, client: str) -> None:
        self._do(self.world.services[client], lambda service: service.report(service="other"))

    @rule(client=clients, fuse=st.integers(1, 9))
    def report_and_be_killed(self, client: str, fuse: int) -> None:
        self._do(self.world.services[client], report_and_send, fuse)

    @rule(client=clients)
    def send(self, client: str) -> None:
        self._do(self.world.services[client], ServiceProcess.turn)

    @rule()
    def work(self) -> None:
        self._do(self.world.agent, AgentProcess.turn)

    @rule(fuse=st.integers(1, 20))
    def work_and_be_killed(self, fuse: int) -> None:
        self._do(self.world.agent, AgentProcess.turn, fuse)

    @rule(rounds=st.integers(1, 4), with_acks=st.booleans())
    def exchange(self, rounds: int, with_acks: bool) -> None:
        for _ in range(rounds):
            self._exchange(with_acks=with_acks)

    @rule(fault=st.sampled_from(["lose", "repeat", "reorder"]), end=ends, place=places)
    def exchange_with_a_fault(self, fault: str, end: int, place: int) -> None:
        self._exchange(lambda: getattr(self, fault)(end, place))

    @rule()
    def save(self) -> None:
        self._do(self.world.agent, AgentProcess.checkpoint)

    @rule(patience=st.integers(1, 3), end=st.sampled_from(["room", "kill", "stop"]))
    def fill_the_store(self, patience: int, end: str) -> None:
        self.world.agent.fill(patience, end)

    # Processes that end and begin.

    @rule(client=clients, orderly=st.booleans())
    def end_service(self, client: str, orderly: bool) -> None:
        self._do(self.world.services[client], ServiceProcess.close if orderly else ServiceProcess.kill)

    @rule(orderly=st.booleans())
    def end_agent(self, orderly: bool) -> None:
        self._do(self.world.agent, AgentProcess.stop if orderly else AgentProcess.kill)

    @rule(orderly=st.booleans(), with_acks=st.booleans(), fault=st.sampled_from(["", "lose", "repeat", "reorder"]))
    def restart_agent(self, orderly: bool, with_acks: bool, fault: str) -> None:
        self._start_all()
        self._connect_all()
        for client in CLIENTS:
            self.report(client, 3)
        self._exchange((lambda: getattr(self, fault)(0, 1)) if fault else None, with_acks=with_acks)
        self.end_agent(orderly)
        self._start_all()

    @rule()
    def begin_again(self) -> None:
        self._start_all()

    @rule(client=clients, times=st.integers(3, 18), heard=st.booleans(), with_acks=st.booleans())
    def crash_again_and_again(self, client: str, times: int, heard: bool, with_acks: bool) -> None:
        service = self.world.services[client]
        for _ in range(times):
            self._do(service, ServiceProcess.kill)
            service.start()
            self._do(service, report_and_send)
            if heard:
                self._connect_all()
                self._exchange(with_acks=with_acks)

    @rule(client=clients, rounds=st.integers(1, 6))
    def lose_the_acknowledgements_of_the_oldest_boot(self, client: str, rounds: int) -> None:
        for _ in range(rounds):
            self._exchange(unheard=client)

    # The network and the broker.

    @rule()
    def connect(self) -> None:
        self._connect_all()

    @rule(end=ends)
    def cut(self, end: int) -> None:
        self._with_connection(end, self.world.network.broker.disconnect)

    @rule(end=ends, count=counts)
    def take_in(self, end: int, count: int) -> None:
        self._with_connection(end, lambda connection: self.world.network.broker.take_in(connection, count))

    @rule(end=ends, count=counts)
    def deliver(self, end: int, count: int) -> None:
        self._with_connection(end, lambda connection: self.world.network.broker.deliver(connection, count))

    @rule(end=ends, place=places)
    def lose(self, end: int, place: int) -> None:
        self._with_queue(end, place, lambda session, at: session.queue.__delitem__(at))

    @rule(end=ends, place=places)
    def repeat(self, end: int, place: int) -> None:
        self._with_queue(end, place, lambda session, at: session.queue.append(session.queue[at]))

    @rule(end=ends, place=places)
    def reorder(self, end: int, place: int) -> None:
        self._with_queue(end, place, lambda session, at: session.queue.rotate(at))

    @rule()
    def back_up(self) -> None:
        self.world.network.broker.back_up()

    @rule(how=st.sampled_from(["remembers", "forgets", "from_backup"]))
    def restart_broker(self, how: str) -> None:
        self.world.network.broker.restart(forgets=how == "forgets", from_backup=how == "from_backup")

    # Time.

    @rule(seconds=st.sampled_from([0.6, 3.5, 16.0, 61.0]))
    def wait(self, seconds: float) -> None:
        self.world.elapsed.seconds += seconds

    @rule(
        seconds=st.sampled_from([-400 * DAY, -8 * DAY, -60.0, 5.0, 60.0, 8 * DAY, 30 * DAY]),
        agent=st.booleans(),
        after_loss=st.booleans(),
    )
    def set_clock(self, seconds: float, agent: bool, after_loss: bool) -> None:
        if after_loss:
            self._exchange(with_acks=False)
        clock = self.world.of_agent if agent else self.world.of_services
        clock.offset = max(0.0, clock.offset + seconds)

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        with self._noting_failures():
            self.world.check()

    def teardown(self) -> None:
        try:
            if not self._failed:
                self._settle()
        finally:
            self.world.end()
            self._patch.undo()
            self._folder.cleanup()

    def _settle(self) -> None:
        """Has everything delivered, and checks that everything was."""
        world = self.world
        self._start_all()
        world.agent.make_room()
        for _ in range(QUIET_ROUNDS):
            self._start_all()
            self._connect_all()
            self._exchange()
            while self._agent_is_behind():
                self._exchange()
            world.check()
            if not any(service.waiting() for service in world.services.values()):
                break
            world.elapsed.seconds += 1.0
        ledger = world.ledger
        assert [name for name in ledger.accepted if not ledger.settled(name)] == []
        assert {client: world.services[client].waiting() for client in CLIENTS} == {client: [] for client in CLIENTS}
        for client, boot in world.agent.worker._intake.boots_to_tell():
            _, holes = world.agent.worker._intake.acknowledgement(client, boot)
            assert holes == [] or (client, boot) in ledger.forgotten, f"{client}/{boot} has holes"

    def _do(self, process: object, act: Callable[..., None], fuse: int = 0) -> None:
        """Has a process do something, if it runs; after `fuse` points it is killed."""
        if process.connection is None:
            return
        self.world.fuse = fuse
        with self._noting_failures():
            try:
                act(process)
            except Killed:
                process.kill()
            finally:
                self.world.fuse = 0

    @contextmanager
    def _noting_failures(self) -> Iterator[None]:
        """Has the end of the run leave out what cannot hold any more."""
        try:
            yield
        except Exception:
            self._failed = True
            raise

    def _exchange(
        self, disturb: Callable[[], None] | None = None, *, with_acks: bool = True, unheard: str = ""
    ) -> None:
        """Has every message arrive, and every process do a turn; `disturb` changes what is in the broker's queues.

        Without `with_acks` no acknowledgement arrives, and none of the oldest boot that waits at the client `unheard`.
        """
        broker = self.world.network.broker
        for service in self.world.services.values():
            self._do(service, ServiceProcess.write)
            self._do(service, ServiceProcess.turn)
        for connection in list(broker.connections.values()):
            broker.take_in(connection, 1000)
        if disturb is not None:
            disturb()
        for name in () if with_acks else CLIENTS:
            if name in broker.sessions:
                broker.sessions[name].queue.clear()
        if unheard in broker.sessions and (oldest := self.world.services[unheard].oldest_boot()):
            queue = broker.sessions[unheard].queue
            kept = [entry for entry in queue if oldest.encode() not in entry[0].payload]
            queue.clear()
            queue.extend(kept)
        for end in range(len(self.world.processes())):
            self._with_connection(end, lambda connection: broker.deliver(connection, 1000))
        self._do(self.world.agent, AgentProcess.turn)

    def _agent_is_behind(self) -> bool:
        """Checks whether messages wait for the agent, for longer than it takes services to send again."""
        connection = self.world.agent.connection
        return len(self.world.network.broker.sessions[connection.client_id].queue) > MAX_UNACKNOWLEDGED

    def _start_all(self) -> None:
        for process in self.world.processes():
            if process.connection is None:
                process.start()

    def _connect_all(self) -> None:
        for connection in list(self.world.connections()):
            if not connection.up:
                self.world.network.broker.connect(connection)

    def _with_connection(self, end: int, act: Callable[[ModelledConnection], None]) -> None:
        processes = self.world.processes()
        process = processes[end % len(processes)]
        if process.connection is not None and process.connection.up:
            act(process.connection)

    def _with_queue(self, end: int, place: int, act: Callable[[Session, int], object]) -> None:
        sessions = list(self.world.network.broker.sessions.values())
        if end < len(sessions) and sessions[end].queue:
            act(sessions[end], place % len(sessions[end].queue))


def report_and_send(service: ServiceProcess) -> None:
    service.report()
    service.turn()


class LongDelivery(Delivery):
    """The same, for longer."""


TestDelivery = pytest.mark.hunt(Delivery.TestCase)
TestDelivery.settings = settings(max_examples=200 if HUNT else 60, stateful_step_count=60, deadline=None)

TestLongDelivery = pytest.mark.soak(LongDelivery.TestCase)
TestLongDelivery.settings = settings(max_examples=2000, stateful_step_count=150, deadline=None)


def test_a_report_whose_acknowledgement_is_lost_counts_once_however_many_boots_follow() -> None:
    delivery = Delivery()
    try:
        delivery.begin()
        delivery.crash_again_and_again(CLIENTS[0], MOST_WAITING, heard=False, with_acks=True)
        delivery._connect_all()
        for _ in range(MOST_WAITING):
            delivery._exchange(unheard=CLIENTS[0])
            delivery.nothing_is_lost_or_doubled()
        assert len(delivery.world.ledger.accepted) == MOST_WAITING > MOST_BOOTS
    finally:
        delivery.teardown()
