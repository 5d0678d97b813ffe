"""Sink progress: how far a sink has come with the outcomes of a store, which deletes the oldest results."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkProgress:
    """How far a sink has come.

    Attributes:
        sink: Name of the sink.
        written: Row of the last outcome that it has written; 0 before the first.
        given: Row of the last outcome that it was given: that of `written`, or a later one while it is writing.
        contracts: Contracts whose results it writes; None for those of all.
    """

    sink: str
    written: int
    given: int
    contracts: frozenset[str] | None

    def misses(self, row: int, contract: str) -> bool:
        """Checks whether it never writes a result that is deleted now.

        Args:
            row: Row of the result.
            contract: Contract of the result.
        """
        return row > self.written and (self.contracts is None or contract in self.contracts)
