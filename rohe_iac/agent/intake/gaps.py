"""Gaps: how many ranges of missing sequence numbers an agent remembers, of all clients together."""

from __future__ import annotations

MAX_GAPS = 50_000
"""Gaps of all clients from which on those with a share of them or more may open no others; all clients together open
fewer than twice as many. A client that keeps to the protocol has at most 512, for it has at most 512 reports under way.
"""

GAP_BYTES = 160
"""Memory of one gap: a list of two numbers, and its place (measured)."""


class GapLedger:
    """Counts the gaps of each client, and says who may open no more.

    A report that is refused for this is not stored and not acknowledged: its client sends it again, after those that
    fill its gaps. The shares are max-min fair (D. Bertsekas and R. Gallager, Data Networks, section 6.5), so that no
    client takes the room of others that have few gaps.

    Attributes:
        limit: Gaps of all clients, from which on there are shares.
        total: Gaps of all clients.
    """

    def __init__(self, limit: int = MAX_GAPS) -> None:
        self.limit, self.total = limit, 0
        self._of: dict[str, int] = {}

    def change(self, client: str, amount: int) -> None:
        """Adds an amount, which may be below 0, to the gaps of a client."""
        self.total += amount
        left = self._of.get(client, 0) + amount
        if left > 0:
            self._of[client] = left
        else:
            self._of.pop(client, None)

    def of(self, client: str) -> int:
        """Returns the gaps of a client."""
        return self._of.get(client, 0)

    def allows(self, client: str) -> bool:
        """Checks whether a client may open one more gap."""
        if self.total < self.limit:
            return True
        own = self._of.get(client, 0)
        return own < self.limit // (len(self._of) + (own == 0))

    def exhausted(self) -> dict[str, int]:
        """Returns the gaps of each client that may open no more, the most first."""
        if self.total < self.limit:
            return {}
        found = [client for client in self._of if not self.allows(client)]
        return {client: self._of[client] for client in sorted(found, key=lambda name: (-self._of[name], name))}
