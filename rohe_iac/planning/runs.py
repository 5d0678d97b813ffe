"""Runs: the replicas of a class placed node by node, each node filled in one step.

With best fit and first fit a node that was chosen goes on being chosen until nothing more fits, for taking a replica
never lowers its points; and nodes that stand alike take alike. So a class needs the best nodes in order and, for each
way that a node stands, what happens to it as it fills up. The decisions are those of the general pass in attempt; a
property of the tests holds them against each other.
"""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.planning.chains import Chain, Chains
from rohe_iac.planning.feasibility import placement_refusal, placement_words
from rohe_iac.planning.field import Field, Filled, Ranked, View
from rohe_iac.planning.layout import NODE_KEY, UNLIMITED, Layout
from rohe_iac.planning.ledger import Ledger
from rohe_iac.planning.scoring import Scoring

Fill = tuple[int, int, Chain, int, int, int, int]
"""Node, what stands for those that stand alike, its chain, replicas taken, runner-up and its points, nodes that fit."""


def is_run(layout: Layout, scoring: Scoring, demand: int) -> bool:
    """Whether taking a node for the class makes it better until it is full, and touches no other node's answer."""
    if scoring.slowdowns[demand]:
        return False
    if layout.extensions or scoring.worst or scoring.dot or scoring.fragments or layout.wishes[demand]:
        return False
    return min(scoring.weights[demand]) >= 0 and layout.alone(demand)


class Run:
    """Fills nodes with one class. `fills` says which, in order; `book` tells the ledger."""

    def __init__(self, layout: Layout, ledger: Ledger, scoring: Scoring, demand: int, field: Field, view: View) -> None:
        self.layout, self.ledger, self.demand = layout, ledger, demand
        self.field, self.view = field, view
        self.chains = Chains(layout, ledger, scoring, demand)
        self._ranked = field.ranked(view)
        own = (demand, NODE_KEY) in layout.avoid[demand]
        # Nodes take only one where each has to keep away from the others or holds a port of the machine.
        self._most = 1 if own or layout.host_ports[demand] else UNLIMITED
        spread = layout.demands[demand].spread
        self._on_node = [rule.limit for rule in spread if rule.key == NODE_KEY]
        self._domains = [
            (layout.domains[rule.key], ledger.counts[demand][rule.key], rule.limit, rule.key)
            for rule in spread
            if rule.key != NODE_KEY
        ]
        self._counts = list(ledger.counts[demand].items())
        self._filled: list[tuple[int, Chain, int]] = []
        self._shut: dict[str, list[int]] = {}

    def fills(self, wanted: int) -> Iterator[Fill]:
        """The nodes that `wanted` replicas go to, as long as any fits; each has to be booked before the next is asked.

        A node is asked for all that it takes, so that it is full when another follows.
        """
        ledger, view = self.ledger, self.view
        numbered = self.layout.numbered[self.demand]
        if numbered:
            wanted = min(wanted, ledger.numbers // numbered)
        limited = bool(self._domains or self._on_node) or self._most < UNLIMITED
        passes, domains, most = view.passes, self._domains, UNLIMITED
        top = next(self._ranked, None)
        while wanted and top is not None:
            _, node, alike = top
            top = next(self._ranked, None) if not domains else self._next()
            second_points, second = (0, -1) if top is None else top[:2]
            chain = self.chains.of(node, alike)
            if limited:
                most = self._room(node)
            taken = chain.takes(min(wanted, most))
            wanted -= taken
            yield node, alike, chain, taken, second, second_points, view.fits
            if not wanted:
                return
            view.fits -= 1
            self._filled.append((node, chain, taken))
            if domains:
                passes[node] = False
                if self._close(node) and top is not None and not passes[top[1]]:
                    top = self._next()

    def _next(self) -> Ranked | None:
        passes = self.view.passes
        return next((one for one in self._ranked if passes[one[1]]), None)

    def _room(self, node: int) -> int:
        """How many more replicas the rules about neighbours leave room for on a node that passes."""
        most = self._most
        if self._on_node:
            there = self.ledger.placed[self.demand].get(node, 0)
            most = min(most, *[limit - there for limit in self._on_node])
        for domains, counts, limit, _ in self._domains:
            most = min(most, limit - counts[domains[node]])
        return most

    def _close(self, node: int) -> bool:
        closed = 0
        for domains, counts, limit, key in self._domains:
            domain = domains[node]
            if counts[domain] >= limit:
                # Even where nothing in it passed any more: its nodes lack a place among their neighbours from now on.
                self._shut.setdefault(key, []).append(domain)
                closed += self.field.close(self.view, self.layout.domain_nodes[key][domain])
        self.view.fits -= closed
        return bool(closed)

    def note(self) -> None:
        """Has the field note what refuses the class as things stand, before its last replica is booked."""
        layout, ledger, demand = self.layout, self.ledger, self.demand
        groups: dict[tuple[int, int, str], Filled] = {}
        rule = ""
        for node, chain, taken in self._filled:
            # Nodes of one chain stand alike once they have taken as many; only domains tell them apart.
            if self._domains or (id(chain), taken, rule) not in groups:
                rule = placement_refusal(layout, ledger, demand, node)
            known = groups.get((id(chain), taken, rule))
            if known is None:
                words = placement_words(layout, ledger, demand, node, rule) if rule else ""
                cpu, rss, vms, _, cores, devices = chain.after[taken - 1]
                known = groups[id(chain), taken, rule] = Filled(
                    layout.kinds.of[node], (cpu, rss, vms, cores, devices), [], rule, words
                )
            known.nodes.append(node)
        self.field.note(self.view, tuple(groups.values()), self._shut)

    def book(self, node: int, alike: int, chain: Chain, start: int, taken: int) -> None:
        """Books replicas `start` to `taken` of a fill. alike: -1 where it is booked in two parts."""
        ledger, demand, number = self.ledger, self.demand, taken - start
        after = chain.after[taken - 1]
        (
            ledger.cpu[node], ledger.rss[node], ledger.vms[node], ledger.cores[node], ledger.sorted_cores[node],
            ledger.devices[node],
        ) = after  # fmt: skip
        ledger.replicas_on[node] += number
        ledger.distances.clear()
        placed = ledger.placed[demand]
        placed[node] = placed.get(node, 0) + number
        for key, counts in self._counts:
            domain = self.layout.domains[key][node]
            if domain >= 0:
                counts[domain] += number
        ports = self.layout.host_ports[demand]
        if ports:
            ledger.ports[node].update(dict.fromkeys(ports, 1))
        ledger.numbers -= number * self.layout.numbered[demand]
        if alike < 0:
            self.field.touch(node)
        else:
            self.field.touch_alike(node, alike, taken)
