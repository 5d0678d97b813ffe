"""Hearing: whether a replica that is ready has been heard by the agent of its pipeline."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rohe_iac.foundation.clock import Clock, SystemClock
from rohe_iac.foundation.errors import RoheError
from rohe_iac.targets.kubernetes.readiness.awaited import AwaitedReplica
from rohe_iac.targets.kubernetes.readiness.prospect import UNHEARD, Prospect, Standing
from rohe_iac.transports.heard import HeardInstances

EVERY = 1.0
"""Seconds between two questions to an agent, at least, however many wait for its answer."""

TRIES = 2
"""Questions in a row without an answer after which an agent is not asked again during the run."""

NEEDED = 60.0
"""Seconds for which a replica that has to report may be Ready before it is heard."""

OTHERS = 10.0
"""Seconds for which any other replica is waited for: its image may be one that reports nothing."""


@dataclass(frozen=True, slots=True)
class HearingAgent:
    """An agent that hears the replicas of a workload.

    Attributes:
        address: Its address, for messages.
        instance: Its name.
    """

    address: str
    instance: str


@dataclass(frozen=True, slots=True)
class AgentSays:
    """What is known of what an agent has heard.

    Attributes:
        heard: What it has heard by its last answer, None where it has not answered yet.
        trouble: Why it did not answer, "" where it did.
        is_given_up: Whether it is not asked again.
    """

    heard: HeardInstances | None = None
    trouble: str = ""
    is_given_up: bool = False


class AgentAnswers:
    """The answers of a stack's agents to `status`, shared by all who wait during a run."""

    def __init__(self, ask: Callable[[str], Mapping[str, Any]], clock: Clock | None = None) -> None:
        """Asks nothing yet.

        Args:
            ask: Asks the agent of an instance for its status; raises a RoheError where it does not answer.
            clock: The clock of the questions.
        """
        self._ask, self._clock = ask, clock or SystemClock()
        self._locks: dict[str, threading.Lock] = {}
        self._asked: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._said: dict[str, AgentSays] = {}

    def of(self, agent: str) -> AgentSays:
        """Returns what an agent says, by an answer that is at most EVERY seconds old or is asked for now."""
        with self._locks.setdefault(agent, threading.Lock()):
            said, asked = self._said.get(agent, AgentSays()), self._asked.get(agent)
            if said.is_given_up or (asked is not None and self._clock.monotonic() - asked < EVERY):
                return said
            said = self._said[agent] = self._answer(agent, said)
            self._asked[agent] = self._clock.monotonic()
            return said

    def _answer(self, agent: str, before: AgentSays) -> AgentSays:
        try:
            answer = HeardInstances(self._ask(agent))
        except RoheError as error:
            failures = self._failures[agent] = self._failures.get(agent, 0) + 1
            words = " ".join(": ".join(filter(None, (error.brief, error.detail))).split())
            return AgentSays(before.heard, words, is_given_up=failures >= TRIES)
        self._failures[agent] = 0
        return AgentSays(answer)


@dataclass
class Hearing:
    """Whether the replicas of one workload have been heard; called with each, again and again.

    Attributes:
        agents: The agents of the workload's pipeline; none where nothing observes it.
        answers: What the agents say.
        age: Returns how many seconds ago the pod of a name was made.
        clock: The clock of the wait.
        unheard: Why replicas count as ready without having been heard, by address; of an agent that cannot be asked,
            why, by the agent's address.
    """

    agents: Sequence[HearingAgent]
    answers: AgentAnswers
    age: Callable[[str], float]
    clock: Clock = field(default_factory=SystemClock)
    unheard: dict[str, str] = field(default_factory=dict)
    _since: dict[str, float] = field(default_factory=dict)

    def __call__(self, replica: AwaitedReplica, prospect: Prospect) -> Prospect:
        """Returns the prospect on a replica, which is not ready before its agents have heard it.

        Args:
            replica: The replica.
            prospect: Where it stands by what the cluster says.
        """
        self.unheard.pop(replica.address, None)
        if prospect.standing is not Standing.READY:
            self._since.pop(replica.instance, None)
            return prospect
        since = self._since.setdefault(replica.instance, self.clock.monotonic())
        for agent in self.agents:
            found = self._by(agent, replica, prospect, self.clock.monotonic() - since)
            if found.standing is not Standing.READY:
                return found
        return prospect

    def _by(self, agent: HearingAgent, replica: AwaitedReplica, prospect: Prospect, waited: float) -> Prospect:
        said = self.answers.of(agent.instance)
        if said.is_given_up:
            self.unheard[agent.address] = f"it cannot be asked whether it has heard its replicas: {said.trouble}"
            return prospect
        if said.heard is None:
            return replace(prospect, standing=Standing.WAITING, kind=UNHEARD, words=f"{agent.address} does not answer")
        why = said.heard.objection(replica.instance, replica.digest, self.age(prospect.pod))
        if not why:
            return prospect
        limit = NEEDED if said.heard.needs(replica.instance) else OTHERS
        if waited < limit:
            words = f"Ready, and {agent.address} has not heard it yet"
            return replace(prospect, standing=Standing.WAITING, kind=UNHEARD, words=words)
        words = f"Ready, but not heard by {agent.address} within {limit:.0f} s: {why}"
        if limit == NEEDED:
            return replace(prospect, standing=Standing.FAILED, kind=UNHEARD, words=words)
        self.unheard[replica.address] = words
        return prospect
