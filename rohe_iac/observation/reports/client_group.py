"""Client group: the clients that some objective hears, and which of them is the slowest."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

Mark = tuple[bool, float, str]
"""Whether a client is behind, its watermark, and its name. Clients that are behind decide only among themselves."""


@dataclass
class ClientGroup:
    """A group of clients.

    Attributes:
        members: Names of its clients.
        expected: Those of them that are waited for although they never reported.
        slowest: Client that decided the watermark when it was last checked.
        checked: When that was (seconds since the epoch); -1 where all clients have to be looked at.
        marks: How far its clients were then, by client.
        read: How many of the reports since then have been taken into account.
    """

    members: set[str] = field(default_factory=set)
    expected: set[str] = field(default_factory=set)
    slowest: str = ""
    checked: float = -1.0
    marks: dict[str, Mark] = field(default_factory=dict)
    read: int = 0
    _ascending: list[Mark] = field(default_factory=list)

    def replace(self, marks: Iterable[Mark], read: int) -> None:
        """Takes how far all clients are, after so many reports."""
        self.marks = {mark[2]: mark for mark in marks}
        self._ascending = list(self.marks.values())
        heapq.heapify(self._ascending)
        self.read = read

    def update(self, reported: Sequence[str], mark_of: Callable[[str], Mark]) -> None:
        """Takes how far the clients are that have reported since; `mark_of` says how far a client is."""
        for client in reported[self.read :]:
            if client in self.marks:
                mark = self.marks[client] = mark_of(client)
                heapq.heappush(self._ascending, mark)
        self.read = len(reported)

    @property
    def first(self) -> tuple[float, str]:
        """Returns the smallest watermark of a client, and whose it is; infinity where there is no client."""
        ascending, marks = self._ascending, self.marks
        while ascending and marks.get(ascending[0][2]) != ascending[0]:
            heapq.heappop(ascending)  # a mark from before
        return (ascending[0][1], ascending[0][2]) if ascending else (math.inf, "")
