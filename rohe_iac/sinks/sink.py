"""Sink: a destination of outcomes besides the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rohe_iac.foundation.errors import RoheError
from rohe_iac.observation.judging.outcome import Outcome


class SinkFailed(RoheError):
    """A sink could not write the outcomes of a call; the same outcomes will be given to the sink again."""


class Sink(Protocol):
    """A destination that is given outcomes in order, each at least once."""

    @property
    def name(self) -> str:
        """Returns the name under which the store keeps the sink's progress."""
        ...

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Writes all outcomes.

        Raises:
            SinkFailed: The outcomes could not be written.
        """
        ...
