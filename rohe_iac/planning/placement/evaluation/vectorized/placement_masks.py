"""Rules that depend on where other replicas are, as masks over all nodes at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import assert_never

import numpy as np

from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.evaluation.vectorized.arrays import Mask, Numbers
from rohe_iac.planning.placement.rules.registry import COUPLING_GROUPS
from rohe_iac.planning.placement.rules.rule import Closed, ClosedDomains, ClosedNodes, ClosedPlaces, OpenDomains
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex


class PlacementMasks:
    """The nodes that COUPLING_RULES let pass, as the ledger stands."""

    def __init__(self, indexed: IndexedProblem, ledger: Ledger) -> None:
        self.indexed, self.ledger = indexed, ledger
        self._domains: dict[str, tuple[Numbers, bool]] = {}
        self._places: tuple[Numbers, int] | None = None

    def mask(self, demand: DemandIndex) -> Mask:
        """Returns the nodes that none of the rules refuses."""
        passes = np.ones(len(self.indexed.nodes), np.bool_)
        for _, mask in self.rules(demand):
            passes &= mask
        return passes

    def rules(self, demand: DemandIndex) -> Iterator[tuple[str, Mask]]:
        """Yields each rule that may refuse a node, with the nodes that it lets pass, in the order of RULES.

        A rule may come several times.
        """
        for group in COUPLING_GROUPS:
            for rule, closed in group.closes(self.indexed, self.ledger, demand):
                mask = self._passing(closed)
                if mask is not None:
                    yield rule, mask

    def inside(self, key: str, chosen: Collection[int]) -> Mask:
        """Returns the nodes of some domains of a topology key."""
        by_domain = np.zeros(len(self.indexed.domain_nodes[key]) + 1, np.bool_)
        by_domain[list(chosen)] = True
        nodes: Mask = by_domain[self._domain(key)[0]]
        return nodes

    def preference_shares(self, demand: DemandIndex) -> Numbers:
        """Returns the share of the demand's preferences that hold on every node, by their weights, in millionths."""
        indexed, preferences = self.indexed, self.indexed.preferences[demand]
        held = np.zeros(len(indexed.nodes), np.int64)
        if indexed.node_preferences.total[demand]:
            held += np.array(indexed.node_preferences.on[demand], np.int64)
        for skew in indexed.skews.preferred[demand]:
            taken = {indexed.domains[skew[0]][node] for node in self.ledger.placed[demand]} - {-1}
            full = [domain for domain in taken if indexed.skews.closes(self.ledger, demand, skew, domain)]
            mask = self._outside(skew[0], full, unlabelled=True)
            held += 1 if mask is None else mask
        for others, key, close in preferences:
            held += self._beside(key, others) == close if key in self.indexed.domains else not close
        return held * MILLION // indexed.preference_total[demand]

    def _passing(self, closed: Closed) -> Mask | None:
        """Returns the nodes that are not closed; None where closed domains are none and every node has their label."""
        match closed:
            case ClosedDomains(key, domains, unlabelled):
                return self._outside(key, domains, unlabelled=unlabelled)
            case OpenDomains(key, domains):
                return self._domain(key)[0] >= 0 if domains is None else self.inside(key, domains)
            case ClosedNodes(nodes):
                mask = np.ones(len(self.indexed.nodes), np.bool_)
                mask[slice(None) if nodes is None else list(nodes)] = False
                return mask
            case ClosedPlaces(places, by_node):
                return self._outside_places(places, by_node)
        assert_never(closed)

    def _outside(self, key: str, domains: Collection[int], *, unlabelled: bool) -> Mask | None:
        """Returns the nodes outside of the domains; `unlabelled`: nodes without a label count as inside."""
        domain_of, all_labelled = self._domain(key)
        if not domains and (all_labelled or not unlabelled):
            return None
        if key == NODE_KEY:
            mask = np.ones(len(domain_of), np.bool_)
            mask[list(domains)] = False
            return mask
        # One more place at the end stands for nodes without the label: -1 finds it.
        by_domain = np.ones(len(self.indexed.domain_nodes[key]) + 1, np.bool_)
        by_domain[list(domains)] = False
        by_domain[-1] = not unlabelled
        outside: Mask = by_domain[domain_of]
        return outside

    def _outside_places(self, places: Collection[int], nodes: Mapping[NodeIndex, bool]) -> Mask:
        """Returns the nodes outside of places of the network, but for nodes that are closed or open by themselves."""
        if self._places is None:
            numbers = np.array(self.indexed.places, np.int64)
            self._places = (numbers, int(numbers.max(initial=0)) + 1)
        numbers, count = self._places
        by_place = np.ones(count, np.bool_)
        by_place[list(places)] = False
        mask: Mask = by_place[numbers]
        for node, refused in nodes.items():
            mask[node] = not refused
        return mask

    def _domain(self, key: str) -> tuple[Numbers, bool]:
        """Returns the domain of every node, -1 where it lacks the label, and whether none lacks it."""
        known = self._domains.get(key)
        if known is None:
            numbers = np.array(self.indexed.domains[key], np.int64)
            known = self._domains[key] = (numbers, bool((numbers >= 0).all()))
        return known

    def _beside(self, key: str, others: tuple[DemandIndex, ...]) -> Mask:
        """Returns the nodes that share a domain with any replica of the other demands."""
        domains = self.indexed.domains[key]
        taken = {domains[node] for other in others for node in self.ledger.placed[other]}
        taken.discard(-1)
        return self.inside(key, taken)
