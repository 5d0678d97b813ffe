"""Prospect: whether a replica is ready, or will become so, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

SETTLING = 5.0
"""Seconds that a reason has to hold that may go away by itself, such as a node that is still being emptied."""

ABSENT = "absent"
"""The kind of reason of a replica whose Deployment or Job is not known, which the watch may only not have told yet."""

UNSCHEDULABLE = "unschedulable"
"""The kind of the reason of a replica whose pod no node can take, by the scheduler's word."""

UNHEARD = "unheard"
"""The kind of the reason of a replica that is Ready and that its agent has not heard."""


OVERDUE = "overdue"
"""The kind of the reason of a replica that runs once and has not ended in time."""

ENDED = "ended"
"""The kind of the reason of a replica that runs once and has not ended well."""


class Standing(Enum):
    """Where a replica stands."""

    READY = "ready"
    WAITING = "waiting"
    PENDING = "pending"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Prospect:
    """Where a replica stands, and why.

    Attributes:
        standing: READY; WAITING for something that may come by itself; PENDING or SKIPPED because its node does not
            answer and the blueprint says so; FAILED for a reason that does not go away by itself.
        kind: Kind of the reason: claim, image, configuration, quota, policy, unschedulable, crash, rejected, node,
            unreachable, deadline, overdue, ended, absent, unheard; "" where it is READY, or WAITING for the cluster.
        words: The reason in the cluster's own words, after what they are about.
        pod: The pod that the reason is about, or that is READY, "" for none.
        container: The container whose last lines of output tell more, "" for none.
        settling: Seconds that this reason has to hold before it counts.
    """

    standing: Standing
    kind: str = ""
    words: str = ""
    pod: str = ""
    container: str = ""
    settling: float = 0.0

    @property
    def is_final(self) -> bool:
        """Returns whether nobody needs to wait any longer."""
        return self.standing is not Standing.WAITING


def waiting(words: str) -> Prospect:
    """Returns the prospect on a replica that may still become ready."""
    return Prospect(Standing.WAITING, words=words)
