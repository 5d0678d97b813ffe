"""Preferences: what an assignment holds of what is preferred and not required, and how far it avoids tainted nodes."""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex

PREFER_NO_SCHEDULE = "PreferNoSchedule"
"""The effect of a taint that a replica keeps off where it can."""


class Preferences:
    """The preferences of a problem.

    They are near, avoid and skew rules that are not required, labels of nodes, and taints of PREFER_NO_SCHEDULE.

    Attributes:
        any: Whether there are some.
        by_node: Whether nothing but the node of a replica decides whether its preferences hold.
        best: What no assignment exceeds: every preference of every replica, in millionths.
    """

    def __init__(self, indexed: IndexedProblem) -> None:
        self.indexed = indexed
        marked = [
            (node, taint)
            for node in indexed.node_indices
            for taint in indexed.nodes[node].taints
            if taint.effect == PREFER_NO_SCHEDULE
        ]
        # By demand the nodes that it prefers not to be on, for their taints.
        self._tainted = [
            frozenset(
                node
                for node, taint in marked
                if not any(toleration.covers(taint.key, taint.value, taint.effect) for toleration in demand.tolerations)
            )
            for demand in indexed.demands
        ]
        preferring = [
            demand.replicas * (bool(total) + bool(tainted))
            for demand, total, tainted in zip(indexed.demands, indexed.preference_total, self._tainted, strict=True)
        ]
        self.any = any(indexed.preference_total) or any(self._tainted)
        self.by_node = not any(indexed.preferences) and not any(indexed.skews.preferred)
        self.best = sum(preferring) * MILLION

    def held(self, counts: Mapping[DemandIndex, Mapping[NodeIndex, int]]) -> int:
        """Returns for each replica the share of its preferences that hold, and 1 off tainted nodes, in millionths.

        Args:
            counts: Replicas of each demand, by node.
        """
        indexed, total = self.indexed, 0
        by_domain: dict[tuple[DemandIndex, str], dict[int, int]] = {}
        for demand, nodes in counts.items():
            preferences, tainted = indexed.preferences[demand], self._tainted[demand]
            weights, labels = indexed.preference_total[demand], indexed.node_preferences.on[demand]
            for node, number in nodes.items() if tainted else ():
                total += number * (node not in tainted) * MILLION
            for node, number in nodes.items() if weights else ():
                held = labels[node] if labels else 0
                for key, most in indexed.skews.preferred[demand]:
                    domain = indexed.domains[key][node]
                    there = self._counts_by_domain(by_domain, counts, demand, key)
                    least = min((there.get(other, 0) for other in indexed.skews.domains(demand, key)), default=0)
                    held += domain >= 0 and there[domain] - least <= most
                for others, key, close in preferences:
                    domain = indexed.domains[key][node] if key in indexed.domains else -1
                    beside = sum(
                        self._counts_by_domain(by_domain, counts, other, key).get(domain, 0) for other in others
                    )
                    # No replica is beside itself.
                    held += (domain >= 0 and beside > (demand in others)) == close
                total += number * (held * MILLION // weights)
        return total

    def value(self, demand: DemandIndex, node: NodeIndex) -> int:
        """Returns what one replica on the node holds where `by_node` is true, in millionths."""
        weights, labels = self.indexed.preference_total[demand], self.indexed.node_preferences.on[demand]
        tainted = self._tainted[demand]
        return (labels[node] * MILLION // weights if labels else 0) + (
            MILLION if tainted and node not in tainted else 0
        )

    def _counts_by_domain(
        self,
        known: dict[tuple[DemandIndex, str], dict[int, int]],
        counts: Mapping[DemandIndex, Mapping[NodeIndex, int]],
        demand: DemandIndex,
        key: str,
    ) -> dict[int, int]:
        """Returns the replicas of a demand by domain of the key, and remembers them in `known`."""
        found = known.get((demand, key))
        if found is None:
            found = known[demand, key] = {}
            domains = self.indexed.domains[key]
            for node, number in counts.get(demand, {}).items():
                found[domains[node]] = found.get(domains[node], 0) + number
        return found
