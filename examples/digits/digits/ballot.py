"""Ballot: the votes of one request, open until all expected members have voted or it has waited long enough."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from digits.members import Members
from digits.models import vote

PATIENCE = 0.5
"""Seconds from the first vote after which the answer is given without those who are silent."""

REMEMBERED = 4096
"""Requests that were answered and are remembered, so that a vote that comes late counts for nothing."""


@dataclass
class Ballot:
    """The votes so far. opened: seconds since the epoch; votes: member -> (instance, probabilities)."""

    request: str
    expected: frozenset[str]
    opened: float
    votes: dict[str, tuple[str, list[float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The pipeline's answer to one request. start, end: seconds since the epoch; inputs: the instances that count."""

    request: str
    prediction: int
    probabilities: list[float]
    inputs: list[str]
    missing: list[str]
    start: float
    end: float


class BallotBox:
    """All open ballots; `answered` is called once a request. Safe from threads."""

    def __init__(
        self, members: Members, answered: Callable[[Answer], object], clock: Callable[[], float] = time.time
    ) -> None:
        self._members = members
        self._answered = answered
        self._clock = clock
        self._open: dict[str, Ballot] = {}
        self._closed: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def cast(self, request: str, expected: list[str], member: str, instance: str, probabilities: list[float]) -> bool:
        """Counts one vote; False when it comes late, comes twice, or the member does not count."""
        with self._lock:
            if request in self._closed or not self._members.of([member]):
                return False
            ballot = self._open.get(request)
            if ballot is None:
                ballot = self._open[request] = Ballot(request, frozenset(expected), self._clock())
            counted = member not in ballot.votes
            ballot.votes.setdefault(member, (instance, probabilities))
            answer = self._close(ballot) if self._complete(ballot) else None
        if answer is not None:
            self._answered(answer)
        return counted

    def sweep(self) -> int:
        """Answers what has waited long enough; how many."""
        now = self._clock()
        with self._lock:
            due = [
                ballot for ballot in self._open.values() if now - ballot.opened >= PATIENCE or self._complete(ballot)
            ]
            answers = [answer for ballot in due if (answer := self._close(ballot)) is not None]
        for answer in answers:
            self._answered(answer)
        return len(answers)

    def _complete(self, ballot: Ballot) -> bool:
        return set(self._members.of(ballot.expected)) <= ballot.votes.keys()

    def _close(self, ballot: Ballot) -> Answer | None:
        del self._open[ballot.request]
        self._closed[ballot.request] = None
        while len(self._closed) > REMEMBERED:
            self._closed.popitem(last=False)
        counted = self._members.of(sorted(ballot.votes))
        if not counted:
            return None
        probabilities = [round(value, 4) for value in vote([ballot.votes[member][1] for member in counted])]
        return Answer(
            request=ballot.request,
            prediction=max(range(len(probabilities)), key=probabilities.__getitem__),
            probabilities=probabilities,
            inputs=[ballot.votes[member][0] for member in counted],
            missing=sorted(set(self._members.of(ballot.expected)) - set(counted)),
            start=ballot.opened,
            end=self._clock(),
        )
