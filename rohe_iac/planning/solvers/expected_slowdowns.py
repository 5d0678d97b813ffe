"""Expected slowdowns: how much longer requests of sensitive replicas take beside their neighbours in a plan."""

from __future__ import annotations

from collections import Counter, defaultdict

from rohe_iac.planning.model.neighbours import slowdown_beside
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex, enumerate_demands
from rohe_iac.planning.solvers.construction.greedy import Construction


class ExpectedSlowdowns:
    """The slowdowns of all replicas of a construction."""

    def __init__(self, construction: Construction) -> None:
        self._indexed, self._decisions = construction.indexed, construction.decisions
        self._on: dict[NodeIndex, Counter[DemandIndex]] = defaultdict(Counter)
        if any(demand.slowdown for demand in self._indexed.demands):
            for position, decisions in enumerate_demands(construction.decisions):
                for decision in decisions if not self._indexed.demands[position].room else ():
                    self._on[decision.node][position] += 1

    def of(self, position: DemandIndex) -> dict[NodeIndex, int]:
        """Returns how much longer requests of a demand's replicas take, by node, in millionths of their time alone.

        Empty where the demand is not sensitive: all its replicas on a node have the same neighbours.
        """
        indexed, found = self._indexed, dict[NodeIndex, int]()
        demand, asked = indexed.demands[position], indexed.resources[position]
        for node in {decision.node for decision in self._decisions[position]} if demand.slowdown else ():
            beside = self._on[node] - Counter((position,))
            neighbours = [indexed.resources[other] for other in beside.elements()]
            found[node] = slowdown_beside(demand, asked, indexed.nodes[node], neighbours)
        return found
