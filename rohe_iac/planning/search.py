"""Search: from a first assignment to a better one by taking nodes apart and filling them anew.

Each iteration ejects the replicas of a few nodes (all of one, some of others), adds those without a place, and inserts
them in one of several orders at the best node, now and then passing one over; what is worth no less is kept. This is
relocate, swap and eject in one move (ruin and recreate: Schrimpf et al. 2000; blinks: Christiaens and Vanden Berghe
2020). The budget counts iterations, never time, and the numbers drawn come from a generator of our own, so that the
same problem gives the same plan everywhere.
"""

from __future__ import annotations

from rohe_iac.planning.feasibility import near_holds, refusal
from rohe_iac.planning.layout import Layout
from rohe_iac.planning.ledger import Grant, Ledger
from rohe_iac.planning.objective import Objective, Worth
from rohe_iac.planning.queue import sizes_of
from rohe_iac.planning.scoring import BEST_FIT, Scoring

Replica = tuple[int, int]


class Draws:
    """A stream of numbers: the 64-bit linear congruential generator of Knuth's MMIX, its upper 32 bits."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, limit: int) -> int:
        """A number in [0, limit)."""
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & (1 << 64) - 1
        return (self.state >> 32) * limit >> 32


class Search:
    """Improves an assignment of a layout. `placed`: grants by replica; `missing`: replicas without a place."""

    def __init__(
        self, layout: Layout, objective: Objective, grants: dict[Replica, Grant], missing: set[Replica]
    ) -> None:
        self.layout = layout
        self.objective = objective
        self.ledger = Ledger(layout)
        for grant in grants.values():
            self.ledger.book(grant)
        self.scoring = Scoring(layout, self.ledger, BEST_FIT)
        self.placed = dict(grants)
        self.missing = set(missing)
        self.draws = Draws(len(grants) + 17)
        self.sizes = sizes_of(layout)
        self._usable = [
            [node for node in range(len(layout.nodes)) if not layout.static(demand)[node]]
            for demand in range(len(layout.demands))
        ]
        self._orders = self._keys()
        by_size = sorted(
            range(len(layout.nodes)), key=lambda node: (layout.nodes[node].cpu, layout.nodes[node].rss, -node)
        )
        self._large_first = [0] * len(by_size)
        for rank, node in enumerate(by_size):
            self._large_first[node] = rank

    def _keys(self) -> list[list[int]]:
        asked = self.layout.resources
        largest = [-size for size in self.sizes]
        cores = [-(sum(one.cores) * 8 + 8000 * len(one.cores)) for one in asked]
        memory = [-one.rss for one in asked]
        found = [largest, cores, memory, [-one.cpu for one in asked]]
        # Where not everything fits, the small ones first place more.
        return found + [[-key for key in keys] for keys in found]

    def worth(self) -> Worth:
        """What the present assignment is worth."""
        return self.objective.worth((replica, grant.node) for replica, grant in self.placed.items())

    def promise(self) -> tuple[int, int]:
        """What tells assignments of one worth apart.

        Less of everything taken, where replicas wait; then the sum of squared use of the nodes.
        """
        ledger, total, taken = self.ledger, 0, 0
        for node, supply in enumerate(self.layout.nodes):
            if ledger.replicas_on[node]:
                cpu = 1000 - ledger.cpu[node] * 1000 // max(1, supply.cpu)
                rss = 1000 - ledger.rss[node] * 1000 // max(1, supply.rss)
                total += (cpu + rss) ** 2
        if self.missing:
            taken = sum(self.sizes[demand] for demand, _ in self.placed)
        return (-taken, total)

    def run(self, iterations: int, enough: Worth | None = None) -> int:
        """Spends the budget, or stops when the worth reaches `enough`; says how many iterations were used."""
        worth, promise = self.worth(), self.promise()
        for iteration in range(iterations):
            if enough is not None and worth >= enough:
                return iteration
            removed, added, lost = self._exchange()
            found, promised = self.worth(), self.promise()
            if found > worth or (found == worth and (promised >= promise or self.draws.below(4) == 0)):
                worth, promise = found, promised
                continue
            for replica in added:
                self.ledger.release(self.placed.pop(replica))
            for replica, grant in removed:
                self.ledger.book(grant)
                self.placed[replica] = grant
                self.missing.discard(replica)
            self.missing.update(lost)
        return iterations

    def _exchange(self) -> tuple[list[tuple[Replica, Grant]], list[Replica], set[Replica]]:
        lost = set(self.missing)
        removed = self._eject()
        waiting = sorted(self.missing)
        half = len(self._orders) // 2
        start = half if lost and self.draws.below(2) else 0
        key = self._orders[start + self.draws.below(half)]
        mixed = self.draws.below(3) == 0
        demands = self.layout.demands
        rated = [
            (-demands[one[0]].priority, self.draws.below(1 << 30) if mixed else key[one[0]], one) for one in waiting
        ]
        ranks = self._ranks()
        added: list[Replica] = []
        refused: set[int] = set()
        for *_, replica in sorted(rated):
            if replica[0] in refused:
                continue
            node = self._best(replica[0], ranks)
            if node < 0:
                refused.add(replica[0])
                continue
            self.placed[replica] = self.ledger.take(replica[0], node)
            self.missing.discard(replica)
            added.append(replica)
        return removed, added, lost

    def _eject(self) -> list[tuple[Replica, Grant]]:
        on: dict[int, list[Replica]] = {}
        for replica, grant in sorted(self.placed.items()):
            on.setdefault(grant.node, []).append(replica)
        nodes = sorted(on)
        removed: list[tuple[Replica, Grant]] = []
        if not nodes:
            return removed
        number = len(nodes) if self.draws.below(8) == 0 else 1 + self.draws.below(min(4, len(nodes)))
        for turn in range(number):
            node = nodes.pop(self.draws.below(len(nodes)))
            whole = turn == 0 or self.draws.below(2)
            for replica in on[node]:
                if whole or self.draws.below(2):
                    removed.append((replica, self._remove(replica)))
        if any(self.layout.near):
            self._eject_lonely(removed)
        return removed

    def _remove(self, replica: Replica) -> Grant:
        grant = self.placed.pop(replica)
        self.ledger.release(grant)
        self.missing.add(replica)
        return grant

    def _eject_lonely(self, removed: list[tuple[Replica, Grant]]) -> None:
        changed = True
        while changed:
            changed = False
            for replica, grant in sorted(self.placed.items(), key=lambda item: item[0]):
                for others, key in self.layout.near[replica[0]]:
                    if not near_holds(self.layout, self.ledger, replica[0], others, key, grant.node):
                        removed.append((replica, self._remove(replica)))
                        changed = True
                        break

    def _ranks(self) -> list[int] | None:
        """An order of nodes to fill one after another, or None: the best by score."""
        mode = self.draws.below(6)
        if mode < 2:
            return None
        if mode == 2:
            return self._large_first
        if mode < 5:
            return self._tightest()
        ranks = list(range(len(self.layout.nodes)))
        for position in range(len(ranks) - 1, 0, -1):
            other = self.draws.below(position + 1)
            ranks[position], ranks[other] = ranks[other], ranks[position]
        return ranks

    def _tightest(self) -> list[int]:
        """Nodes by how little they have left of all they offer, cores and virtual memory too."""
        ledger, ranks = self.ledger, []
        for node, supply in enumerate(self.layout.nodes):
            left = ledger.cpu[node] * 1000 // max(1, supply.cpu) + ledger.rss[node] * 1000 // max(1, supply.rss)
            left += sum(ledger.cores[node]) * 1000 // max(1, sum(supply.cores))
            if supply.vms:
                left += ledger.vms[node] * 1000 // supply.vms
            ranks.append(max(0, 8000 - left) + self.draws.below(400))
        return ranks

    def _best(self, demand: int, ranks: list[int] | None) -> int:
        layout, ledger, scoring = self.layout, self.ledger, self.scoring
        best, most = -1, -1
        for node in self._usable[demand]:
            points = scoring.total(demand, node) if ranks is None else ranks[node]
            if points <= most or refusal(layout, ledger, demand, node):
                continue
            if best < 0 or self.draws.below(20):
                best, most = node, points
        return best
