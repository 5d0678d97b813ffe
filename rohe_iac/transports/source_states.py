"""Source states: whether all sources of reports are complete, so that windows may close."""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.transports.inbox import ConnectionChange
from rohe_iac.transports.source import ReportSource


class SourceStates:
    """The states of an agent's sources, by the changes that its worker has taken out of the inbox.

    A change lies in the inbox behind the messages that came before it. So a source is complete only once the worker has
    taken in what it had.
    """

    def __init__(self, sources: Sequence[ReportSource]) -> None:
        """Begins with sources of which none is complete."""
        self._sources = sources
        self._complete: set[str] = set()

    def note(self, change: ConnectionChange) -> bool:
        """Takes a change into account, and returns whether it is one after which windows may close."""
        if change.state == "up":
            self._complete.add(change.url)
        else:
            self._complete.discard(change.url)
        return change.state == "up" and self.complete

    @property
    def complete(self) -> bool:
        """Checks whether windows may close; while a source is away or behind, they would do so without its reports."""
        return all(source.up and source.url in self._complete for source in self._sources)

    @property
    def trouble(self) -> str:
        """Returns why windows may not close, because the agent is not connected or behind; "" where they may."""
        for source in self._sources:
            if not source.up:
                return f"the agent is not connected: {source.trouble}"
        return next((f"the agent is behind: {source.trouble}" for source in self._sources if source.trouble), "")
