"""Nearness: moves the agents of a pipeline to where the instances are that they hear, after all else has its place.

Agents are placed first, so that a stack has them whatever else fits. Where the blueprint asks that they are near their
services, those that a pass placed anew go to zones (nodes, where a node has no zone) in proportion to what reports from
there, by the method of d'Hondt, and in a zone to the nodes from which most reports come. No zone gets more agents than
it has nodes while another one with services has a node without an agent: a second agent on a node is no nearer, and is
lost with the first. The loads of the agents do not speak against that, for shares are even wherever agents are. An
agent that finds no room there stays. Agents that ran before stay too: what they hear is chosen among what is near them.
"""

from __future__ import annotations

from collections import Counter

from rohe_iac.planning.model.keys import AGENT_PREFIX, ZONE_KEY
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex
from rohe_iac.planning.solvers.construction.decision import Decision
from rohe_iac.planning.solvers.construction.greedy import Construction

_QUOTIENT_FACTOR = 1 << 40
"""Factor of the quotients of d'Hondt before they are rounded, so that those that differ stay different."""


def bring_agents_near(construction: Construction) -> None:
    """Moves agents that hear what is near them, as far as there is room; a construction without any is left alone.

    What a solver has proven, or moves were weighed for, holds for the places that it chose: then agents stay there.
    """
    if construction.proofs or construction.gain is not None:
        return
    for position in construction.indexed.demand_indices:
        demand = construction.indexed.demands[position]
        if demand.hears_near and demand.workload.startswith(AGENT_PREFIX):
            _Approach(construction, position).run()


class _Approach:
    """The agents of one pipeline on their way to what they hear."""

    def __init__(self, construction: Construction, agents: DemandIndex) -> None:
        self._construction, self._agents = construction, agents
        indexed = construction.indexed
        self._places = [dict(node.labels).get(ZONE_KEY) or f"node {node.name}" for node in indexed.nodes]
        self._nodes = Counter(self._places)
        self._reported: Counter[NodeIndex] = Counter()
        pipeline = indexed.demands[agents].service
        for position in indexed.demand_indices:
            demand = indexed.demands[position]
            if demand.pipeline == pipeline and not demand.system and not demand.room:
                weight = max(1, demand.rate * 1000 // max(1, demand.replicas))
                for decision in construction.decisions[position]:
                    self._reported[decision.node] += weight

    def run(self) -> None:
        """Moves the agents."""
        decisions = self._construction.decisions[self._agents]
        wanted = self._seats(len(decisions))
        waiting: list[Decision] = []
        # Those that are where agents are wanted stay, the ones that ran before first.
        for decision in sorted(decisions, key=lambda decision: (not decision.kept, decision.index)):
            place = self._places[decision.node]
            if wanted[place]:
                wanted[place] -= 1
            elif not decision.kept:
                waiting.append(decision)
        for decision in waiting:
            for place in sorted(+wanted, key=lambda place: (-wanted[place], place)):
                if self._move(decision, place):
                    wanted[place] -= 1
                    break

    def _seats(self, number: int) -> Counter[str]:
        """Returns how many of so many agents belong to each place."""
        reported: Counter[str] = Counter()
        for node, weight in self._reported.items():
            reported[self._places[node]] += weight
        seats: Counter[str] = Counter()
        for _ in range(number if reported else 0):
            best = min(
                reported,
                key=lambda place: (
                    seats[place] >= self._nodes[place],
                    -(reported[place] * _QUOTIENT_FACTOR // (seats[place] + 1)),
                    place,
                ),
            )
            seats[best] += 1
        return seats

    def _move(self, decision: Decision, place: str) -> bool:
        """Moves one agent to a node of a place; returns whether one takes it."""
        construction, agents = self._construction, self._agents
        indexed, ledger = construction.indexed, construction.ledger
        taken = Counter(other.node for other in construction.decisions[agents])
        nodes = [node for node in indexed.node_indices if self._places[node] == place]
        ledger.release(decision)
        for node in sorted(nodes, key=lambda node: (taken[node], -self._reported[node], node)):
            if refusal(indexed, ledger, agents, node):
                continue
            score, before = construction.scoring.total(agents, node), construction.scoring.total(agents, decision.node)
            parts = construction.scoring.parts(agents, node) if construction.explain else ()
            grant = ledger.take(agents, node)
            moved = Decision.of(
                grant, decision.index, score, parts, decision.node, before, max(2, decision.fits), searched=True
            )
            held = construction.decisions[agents]
            held[held.index(decision)] = moved
            construction.brought_near.add((agents, decision.index))
            construction.evaluator.invalidate(node)
            construction.evaluator.invalidate(decision.node)
            return True
        ledger.book(decision)
        return False
