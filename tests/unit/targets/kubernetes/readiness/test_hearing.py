"""A replica that is Ready is waited for until its agent has heard it, for as long as its contract needs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rohe_iac.foundation.errors import RoheError
from rohe_iac.targets.kubernetes.readiness.awaited import AwaitedReplica
from rohe_iac.targets.kubernetes.readiness.hearing import (
    EVERY,
    NEEDED,
    OTHERS,
    AgentAnswers,
    Hearing,
    HearingAgent,
)
from rohe_iac.targets.kubernetes.readiness.prospect import UNHEARD, Prospect, Standing, waiting

REPLICA = AwaitedReplica("replica/c:detect/0", "detect-0", "n1", digest="new")
READY = Prospect(Standing.READY, pod="detect-0-x", container="detect")


class ManualClock:
    """A clock that stands still until it is set."""

    seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Agent:
    """An agent whose answers are set; an error stands for a pod that cannot be asked."""

    def __init__(self, *, needed: bool = False, error: str = "") -> None:
        self.answer: dict[str, Any] = {"at": 0.0, "clients": {}, "instances": {"detect-0": {"needed": needed}}}
        self.error, self.asked = error, 0

    def ask(self, _agent: str) -> Mapping[str, Any]:
        self.asked += 1
        if self.error:
            raise RoheError(self.error)
        return self.answer


def hearing(agent: Agent, clock: ManualClock) -> Hearing:
    return Hearing([HearingAgent("agent/c/0", "agent-c-0")], AgentAnswers(agent.ask, clock), lambda _: 5.0, clock)


def test_a_replica_is_ready_once_its_agent_has_heard_it_as_it_was_planned() -> None:
    agent, clock = Agent(), ManualClock()
    found = hearing(agent, clock)
    first = found(REPLICA, READY)
    assert (first.standing, first.kind) == (Standing.WAITING, UNHEARD)
    assert first.words == "Ready, and agent/c/0 has not heard it yet"
    agent.answer["clients"] = {"detect-0": {"state": "online", "serial": 1, "digest": "old"}}
    clock.sleep(EVERY)
    assert found(REPLICA, READY).standing is Standing.WAITING
    agent.answer["clients"] = {"detect-0": {"state": "online", "serial": 2, "digest": "new"}}
    clock.sleep(EVERY)
    assert found(REPLICA, READY) == READY
    assert found.unheard == {}


def test_a_replica_that_a_contract_needs_fails_where_it_is_not_heard() -> None:
    clock = ManualClock()
    found = hearing(Agent(needed=True), clock)
    found(REPLICA, READY)
    clock.sleep(NEEDED - 1)
    assert found(REPLICA, READY).standing is Standing.WAITING
    clock.sleep(1)
    failed = found(REPLICA, READY)
    assert (failed.standing, failed.container) == (Standing.FAILED, "detect")
    assert failed.words.startswith(f"Ready, but not heard by agent/c/0 within {NEEDED:.0f} s: it was never heard")


def test_any_other_replica_counts_as_ready_and_is_named() -> None:
    clock = ManualClock()
    found = hearing(Agent(), clock)
    found(REPLICA, READY)
    clock.sleep(OTHERS)
    assert found(REPLICA, READY) == READY
    words = f"Ready, but not heard by agent/c/0 within {OTHERS:.0f} s: it was never heard"
    assert found.unheard == {"replica/c:detect/0": words}


def test_the_time_counts_from_the_moment_in_which_the_replica_is_ready() -> None:
    clock = ManualClock()
    found = hearing(Agent(), clock)
    found(REPLICA, READY)
    clock.sleep(OTHERS - 1)
    assert found(REPLICA, waiting("its container was restarted")).words == "its container was restarted"
    clock.sleep(1)
    assert found(REPLICA, READY).standing is Standing.WAITING


def test_an_agent_that_cannot_be_asked_hinders_nobody_and_is_named_once() -> None:
    agent, clock = Agent(error="no pod of a simulated node can be asked"), ManualClock()
    found = hearing(agent, clock)
    assert found(REPLICA, READY).words == "agent/c/0 does not answer"
    clock.sleep(EVERY)
    for _ in range(3):
        assert found(REPLICA, READY) == READY
        clock.sleep(EVERY)
    assert agent.asked == 2
    (words,) = found.unheard.values()
    assert words == "it cannot be asked whether it has heard its replicas: no pod of a simulated node can be asked"


def test_all_who_wait_share_one_question() -> None:
    agent, clock = Agent(), ManualClock()
    found = hearing(agent, clock)
    for index in range(40):
        found(AwaitedReplica(f"replica/c:detect/{index}", f"detect-{index}", "n1"), READY)
    assert agent.asked == 1
    clock.sleep(EVERY)
    found(REPLICA, READY)
    assert agent.asked == 2


def test_a_pipeline_that_nobody_observes_asks_nobody() -> None:
    agent = Agent()
    assert Hearing((), AgentAnswers(agent.ask), lambda _: 0.0)(REPLICA, READY) == READY
    assert agent.asked == 0
