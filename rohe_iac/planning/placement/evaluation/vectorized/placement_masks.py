"""Neighbours: what depends on where other replicas are, for all nodes at once, worked out by domain and by place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import numpy as np
import numpy.typing as npt

from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.rules.network import network_refusal
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger

Mask = npt.NDArray[np.bool_]


Numbers = npt.NDArray[np.int64]


class PlacementMasks:
    """The rules ports, spread, avoid, near, latency, bandwidth and budget as the ledger stands."""

    def __init__(self, indexed: IndexedProblem, ledger: Ledger) -> None:
        self.indexed, self.ledger = indexed, ledger
        self._domains: dict[str, tuple[Numbers, bool]] = {}
        self._places: tuple[list[int], Numbers] | None = None
        self._users: dict[tuple[int, str], list[int]] = {}
        for demand, ports in enumerate(indexed.host_ports):
            for port in ports:
                self._users.setdefault(port, []).append(demand)

    def mask(self, demand: int) -> Mask:
        """The nodes that no rule about neighbours refuses."""
        found = np.ones(len(self.indexed.nodes), np.bool_)
        for _, mask in self.rules(demand):
            found &= mask
        return found

    def rules(self, demand: int) -> Iterator[tuple[str, Mask]]:
        """Each rule that refuses any node, with the nodes it lets pass, in the order in which they are asked."""
        indexed, ledger = self.indexed, self.ledger
        if indexed.host_ports[demand] or indexed.numbered[demand] > ledger.numbers:
            yield from self._ports(demand)
        for rule in indexed.demands[demand].spread:
            counts = ledger.counts[demand][rule.key]
            taken = {indexed.domains[rule.key][node] for node in ledger.placed[demand]}
            full = {domain for domain in taken if counts[domain] >= rule.limit}
            yield from self._kept_out("spread", rule.key, full, labelled=True)
        for key in indexed.avoid_keys[demand]:
            yield from self._kept_out("avoid", key, set(), labelled=True)
        for other, key in indexed.avoid[demand]:
            taken = {indexed.domains[key][node] for node in ledger.placed[other]}
            yield from self._kept_out("avoid", key, taken, labelled=False)
        for others, key in indexed.near[demand]:
            yield "near", self._near(demand, others, key)
        if indexed.edges[demand] or indexed.paths[demand]:
            yield from self._network(demand)

    def _kept_out(self, rule: str, key: str, closed: set[int], *, labelled: bool) -> Iterator[tuple[str, Mask]]:
        """Refuses nodes of the closed domains and, where a label is asked for, those without it."""
        domains, everywhere = self._domain(key)
        closed.discard(-1)
        if not closed and (everywhere or not labelled):
            return
        if key == NODE_KEY:
            mask = np.ones(len(domains), np.bool_)
            mask[list(closed)] = False
        else:
            # One more place at the end stands for nodes without the label: -1 finds it.
            by_domain = np.ones(len(self.indexed.domain_nodes[key]) + 1, np.bool_)
            by_domain[list(closed)] = False
            by_domain[-1] = not labelled
            mask = by_domain[domains]
        yield rule, mask

    def _domain(self, key: str) -> tuple[Numbers, bool]:
        known = self._domains.get(key)
        if known is None:
            numbers = np.array(self.indexed.domains[key], np.int64)
            known = self._domains[key] = (numbers, bool((numbers >= 0).all()))
        return known

    def _inside(self, key: str, others: Iterable[int]) -> Mask:
        """The nodes that share a domain with any replica of the others."""
        domains = self.indexed.domains[key]
        here = {domains[node] for other in others for node in self.ledger.placed[other]}
        here.discard(-1)
        return self.inside(key, here)

    def inside(self, key: str, chosen: Collection[int]) -> Mask:
        """The nodes of some domains of a topology key."""
        by_domain = np.zeros(len(self.indexed.domain_nodes[key]) + 1, np.bool_)
        by_domain[list(chosen)] = True
        found: Mask = by_domain[self._domain(key)[0]]
        return found

    def _near(self, demand: int, others: tuple[int, ...], key: str) -> Mask:
        ledger = self.ledger
        if any(ledger.placed[other] for other in others):
            return self._inside(key, others)
        first = any(other == demand or other in ledger.pending for other in others)
        return (self._domain(key)[0] >= 0) & first

    def _ports(self, demand: int) -> Iterator[tuple[str, Mask]]:
        indexed, ledger = self.indexed, self.ledger
        ports = indexed.host_ports[demand]
        mask = np.ones(len(indexed.nodes), np.bool_)
        if indexed.numbered[demand] > ledger.numbers or len(set(ports)) < len(ports):
            mask[:] = False
        elif indexed.settings.one_machine:
            mask[:] = not any(port in taken for taken in ledger.ports[:1] for port in ports)
        else:
            for port in ports:
                for other in self._users[port]:
                    mask[list(ledger.placed[other])] = False
        if not mask.all():
            yield "ports", mask

    def _network(self, demand: int) -> Iterator[tuple[str, Mask]]:
        """Asked once for each place of the network, and of every node on which a peer is."""
        indexed, ledger = self.indexed, self.ledger
        of, numbers = self._place()
        beside = {node for peer, _, _ in indexed.edges[demand] for node in ledger.placed[peer]}
        asked = {of[node]: node for node in range(len(of) - 1, -1, -1) if node not in beside}
        refused = {place: network_refusal(indexed, ledger, demand, node) for place, node in asked.items()}
        own = [(node, network_refusal(indexed, ledger, demand, node)) for node in beside]
        for rule in ("latency", "bandwidth", "budget"):
            by_place = np.array([refused.get(place) != rule for place in range(max(of, default=0) + 1)], np.bool_)
            mask: Mask = by_place[numbers]
            for node, found in own:
                mask[node] = found != rule
            yield rule, mask

    def _place(self) -> tuple[list[int], Numbers]:
        """The place of every node: its zone, or the node itself where a link ends there."""
        if self._places is None:
            ends = {end for wire in self.indexed.wires for end in wire.ends}
            places: dict[str, int] = {}
            of = []
            for node, zone in zip(self.indexed.nodes, self.indexed.zone_ends, strict=True):
                own = f"node/{node.name}"
                name = own if own in ends else zone
                of.append(places.setdefault(name, len(places)))
            self._places = (of, np.array(of, np.int64))
        return self._places

    def wishes(self, demand: int) -> Numbers:
        """Share of the wishes that hold on every node, in millionths."""
        wishes = self.indexed.preferences[demand]
        held = np.zeros(len(self.indexed.nodes), np.int64)
        for others, key, close in wishes:
            held += self._inside(key, others) == close if key in self.indexed.domains else not close
        return held * MILLION // len(wishes)
