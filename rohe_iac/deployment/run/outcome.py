"""Outcome: what came of one run of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rohe_iac.foundation.errors import ExitCode


class Ending(Enum):
    """How the run ended: everything made, some of it failed, or interrupted before its end."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Failure:
    """One resource that was not made, changed or removed, and why, in the words of the target."""

    verb: str
    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Addresses by what was done to them; skipped: not tried, since what they depend on failed or time ran out."""

    ending: Ending
    seconds: float
    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    skipped: tuple[str, ...] = ()
    swept: tuple[str, ...] = ()
    signal: int = 0

    @property
    def changes(self) -> int:
        """How many resources were made, changed or removed."""
        return len(self.created) + len(self.updated) + len(self.deleted) + len(self.swept)

    @property
    def exit_code(self) -> int:
        """0, 9, or 128 plus the signal that interrupted the run."""
        if self.ending is Ending.INTERRUPTED:
            return 128 + self.signal
        return ExitCode.OK if self.ending is Ending.COMPLETE else ExitCode.PARTIAL
