"""Topology skews: how far the numbers of a service's replicas may differ between the domains of a topology key.

The meaning is that of `topologySpreadConstraints` of Kubernetes with `nodeTaintsPolicy: Honor`: no domain has more than
`most` replicas above the domain that has fewest, of all domains with a node that the service may use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex, enumerate_nodes

Skew = tuple[str, int]
"""A topology key, and how many replicas more than the emptiest a domain may have."""


class PlacedCounts(Protocol):
    """What is asked of a ledger."""

    @property
    def counts(self) -> Sequence[Mapping[str, Sequence[int]]]:
        """Replicas of each demand by domain."""
        ...

    @property
    def least_in_domains(self) -> dict[tuple[DemandIndex, str], int]:
        """Answers of `TopologySkews.least` that still hold."""
        ...

    @property
    def gone(self) -> frozenset[NodeIndex]:
        """Nodes that have failed."""
        ...


class TopologySkews:
    """The skews of all demands of a problem.

    Attributes:
        required: By demand, the skews that have to be kept.
        preferred: By demand, the skews that are kept where they can.
        any_required: Whether any has to be kept.
    """

    def __init__(
        self,
        demands: Sequence[Demand],
        domains: Mapping[str, Sequence[int]],
        refusals: Callable[[DemandIndex], Sequence[str]],
    ) -> None:
        """Sorts the skews by demand.

        Args:
            demands: The demands of the problem.
            domains: By topology key, the domain of each node; -1 for a node without the label.
            refusals: Returns for each node the rule that refuses it to a demand whatever is placed, or an empty word.
        """
        self._domain_of, self._refusals = domains, refusals
        self.required: list[tuple[Skew, ...]] = []
        self.preferred: list[tuple[Skew, ...]] = []
        for demand in demands:
            self.required.append(tuple((rule.key, rule.most) for rule in demand.skews if rule.required))
            self.preferred.append(tuple((rule.key, rule.most) for rule in demand.skews if not rule.required))
        self.any_required = any(self.required)
        self._domains: dict[tuple[DemandIndex, str], dict[int, list[NodeIndex]]] = {}

    def of(self, demand: DemandIndex) -> tuple[Skew, ...]:
        """Returns all skews of a demand."""
        return self.required[demand] + self.preferred[demand]

    def domains(self, demand: DemandIndex, key: str) -> dict[int, list[NodeIndex]]:
        """Returns the domains that count, each with the nodes that replicas of the demand may use."""
        known = self._domains.get((demand, key))
        if known is None:
            known = self._domains[demand, key] = {}
            domains = self._domain_of[key]
            for node, rule in enumerate_nodes(self._refusals(demand)):
                if not rule and domains[node] >= 0:
                    known.setdefault(domains[node], []).append(node)
        return known

    def least(self, ledger: PlacedCounts, demand: DemandIndex, key: str) -> int:
        """Returns the fewest replicas of the demand that any domain that counts has."""
        known = ledger.least_in_domains.get((demand, key))
        if known is None:
            counts, gone = ledger.counts[demand][key], ledger.gone
            known = min(
                (
                    counts[domain]
                    for domain, nodes in self.domains(demand, key).items()
                    if not gone or not gone.issuperset(nodes)
                ),
                default=0,
            )
            ledger.least_in_domains[demand, key] = known
        return known

    def closes(self, ledger: PlacedCounts, demand: DemandIndex, skew: Skew, domain: int) -> bool:
        """Checks whether one more replica in the domain would be too far above the domain with fewest."""
        key, most = skew
        return ledger.counts[demand][key][domain] + 1 - self.least(ledger, demand, key) > most

    def overfull(self, ledger: PlacedCounts, demand: DemandIndex) -> tuple[str, int] | None:
        """Returns the key and number of a domain that has too many replicas for a required skew; None for none."""
        for key, most in self.required[demand]:
            counts, least = ledger.counts[demand][key], self.least(ledger, demand, key)
            domains = self.domains(demand, key)
            fullest = max(domains, key=lambda domain: (counts[domain], -domain), default=-1)
            if fullest >= 0 and counts[fullest] - least > most:
                return key, fullest
        return None
