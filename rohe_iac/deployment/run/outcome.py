"""Outcome: the result of one run of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rohe_iac.foundation.errors import ExitCode


class Ending(Enum):
    """How a run ended: complete, with failed resources, or interrupted."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Failure:
    """One resource that could not be created, updated or deleted, or a workload that did not become ready.

    Attributes:
        verb: create, update, delete or await.
        address: Address of the stack's part.
        reason: The reason in the target's own words.
    """

    verb: str
    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pending:
    """One replica that is not ready and not waited for.

    Attributes:
        address: Address of the replica.
        reason: Why, such as a node that does not answer.
    """

    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unheard:
    """One replica that counts as ready although its agent has not heard it, or an agent that could not be asked.

    Attributes:
        address: Address of the replica or agent.
        reason: What is known of it.
    """

    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one run: addresses by what was done to them.

    Attributes:
        ending: How the run ended.
        seconds: Duration of the run.
        created: Addresses of created resources.
        updated: Addresses of updated resources.
        deleted: Addresses of deleted resources.
        same: Addresses of resources that were as wanted already.
        failed: Resources that failed.
        pending: Replicas that are not ready and not waited for.
        unheard: Replicas that count as ready although no agent has heard them.
        skipped: Addresses not tried, because a resource that they depend on failed or the run was interrupted.
        swept: Names of what was removed because no manifest asks for it.
        signal: The signal that interrupted the run, 0 for none.
    """

    ending: Ending
    seconds: float
    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    pending: tuple[Pending, ...] = ()
    unheard: tuple[Unheard, ...] = ()
    skipped: tuple[str, ...] = ()
    swept: tuple[str, ...] = ()
    signal: int = 0

    @property
    def changes(self) -> int:
        """Returns the number of resources that were created, updated or deleted."""
        return len(self.created) + len(self.updated) + len(self.deleted) + len(self.swept)

    @property
    def exit_code(self) -> int:
        """Returns 0, 9 after failures, or 128 plus the signal that interrupted the run."""
        if self.ending is Ending.INTERRUPTED:
            return 128 + self.signal
        return ExitCode.OK if self.ending is Ending.COMPLETE else ExitCode.PARTIAL
