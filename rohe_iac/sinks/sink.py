"""Sink: a destination of outcomes besides the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from rohe_iac.foundation.errors import RoheError
from rohe_iac.observation.judging.outcome import Outcome


class SinkFailed(RoheError):
    """A sink could not write the outcomes of a call; the same outcomes will be given to the sink again."""


Confirm = Callable[[], bool]
"""Returns whether the outcomes of a call are written by now, without waiting; raises `SinkFailed` where they may not be
and have to be given again."""


class Sink(Protocol):
    """A destination that is given outcomes in order, each at least once."""

    @property
    def name(self) -> str:
        """Returns the name under which the store keeps the sink's progress."""
        ...

    @property
    def contracts(self) -> frozenset[str] | None:
        """Returns the contracts whose results it writes; None for those of all."""
        ...

    def write(self, outcomes: Sequence[Outcome]) -> Confirm | None:
        """Writes all outcomes, or begins to.

        Returns:
            None where all are written; otherwise what to ask until they are.

        Raises:
            SinkFailed: The outcomes could not be written.
        """
        ...
