"""Failure audit: what breaks where a node or a zone is lost, for each of them in turn."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from rohe_iac.planning.model.keys import ZONE_KEY
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.strategies import BEST_FIT
from rohe_iac.planning.placement.evaluation.choice import evaluator_for
from rohe_iac.planning.placement.evaluation.node_keys import NodeKeys
from rohe_iac.planning.placement.rules.affinity import near_holds
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.from_plan import ledger_of
from rohe_iac.planning.placement.state.ledger import Grant
from rohe_iac.planning.placement.state.positions import NO_NODE, DemandIndex, NodeIndex, enumerate_nodes


@dataclass(frozen=True, slots=True)
class FailureImpact:
    """What the loss of a node or zone breaks.

    Attributes:
        what: `node/NAME` or `zone/NAME`.
        lost: number of replicas that were there.
        unplaceable: addresses of lost replicas that fit nowhere else, and of others that then lack a required
            neighbour.
        outages: workloads of at least two replicas that have none left until others replace them.
    """

    what: str
    lost: int
    unplaceable: tuple[str, ...]
    outages: tuple[str, ...]

    @property
    def survived(self) -> bool:
        """Checks whether every lost replica fits again and no service of two or more replicas has an outage."""
        return not self.unplaceable and not self.outages


def audit(
    problem: Problem, plan: Plan, plugins: Plugins = NO_PLUGINS, *, zones_too: bool = True
) -> tuple[FailureImpact, ...]:
    """Returns the impact of losing each node that has a replica, then of each zone with such a node, by address.

    Replicas that are not lost stay where they are. Lost ones are placed again, larger ones first, on the best node that
    fits by all rules except the spread that `survive` itself asks for.

    Args:
        problem: the problem that was planned.
        plan: its plan.
        plugins: the plug-ins that it was planned with.
        zones_too: whether zones are audited.
    """
    failures = _FailureAudit(problem, plan, plugins)
    impacts = [failures.impact(f"node/{failures.indexed.nodes[node].name}", (node,)) for node in failures.used_nodes()]
    if zones_too:
        impacts += [failures.impact(f"zone/{zone}", nodes) for zone, nodes in failures.used_zones()]
    return tuple(impacts)


WHOLE_SHARE = 10_000
"""All nodes, in basis points."""


@dataclass(frozen=True, slots=True)
class _PlacedReplica:
    """A replica of the plan: its demand and index, and what it holds."""

    demand: DemandIndex
    index: int
    grant: Grant


class _FailureAudit:
    """The state of the planned nodes; every loss is tried on it and taken back.

    Attributes:
        indexed: the problem, without the spread that `survive` asks for.
        ledger: what is free on every node with the plan in place.
        evaluator: evaluates nodes for lost replicas.
        replicas_on: the plan's replicas by node.
    """

    def __init__(self, problem: Problem, plan: Plan, plugins: Plugins) -> None:
        # Lost replicas have to fit, and a node is kept free for them; they are spread again when the lost node is back.
        without_survive = replace(problem, settings=replace(problem.settings, survive=0, survive_zones=0))
        self.indexed, self.ledger = ledger_of(
            without_survive, replace(plan, relaxed=(), spare="", reserved=()), plugins=plugins
        )
        self.evaluator = evaluator_for(self.indexed, self.ledger, Scoring(self.indexed, self.ledger, BEST_FIT))
        self.replicas_on = self._replicas_by_node(plan)
        self._node_of = NodeKeys(len(self.indexed.nodes)).node_of

    def used_nodes(self) -> list[NodeIndex]:
        """Returns the nodes that have a replica, by position."""
        return sorted(self.replicas_on)

    def used_zones(self) -> list[tuple[str, list[NodeIndex]]]:
        """Returns the zones that have a replica, by name, each with all its nodes."""
        zones: dict[str, list[NodeIndex]] = {}
        for node, supply in enumerate_nodes(self.indexed.nodes):
            zone = dict(supply.labels).get(ZONE_KEY)
            if zone is not None:
                zones.setdefault(zone, []).append(node)
        return [
            (zone, nodes) for zone, nodes in sorted(zones.items()) if any(node in self.replicas_on for node in nodes)
        ]

    def impact(self, what: str, nodes: Iterable[NodeIndex]) -> FailureImpact:
        """Returns what the loss of these nodes breaks; the state is the same again afterwards."""
        indexed, ledger = self.indexed, self.ledger
        gone = set(nodes)
        ledger.gone = frozenset(gone)
        ledger.least_in_domains.clear()
        lost = [replica for node in sorted(gone) for replica in self.replicas_on.get(node, ())]
        lost.sort(key=lambda replica: (-indexed.resources[replica.demand].cpu, replica.demand, replica.index))
        for replica in lost:
            # A lost replica frees the bandwidth of its flows to replicas that are still placed.
            replica.grant.wires = ledger.wires_of(replica.demand, replica.grant.node)
            self._release(replica.grant)
        outages = {
            indexed.demands[replica.demand].workload
            for replica in lost
            if indexed.demands[replica.demand].replicas > 1 and not ledger.placed[replica.demand]
        }
        grants, unplaced = self._place_again(self._wanted_elsewhere(lost, gone), gone)
        unplaceable = [self._address(replica) for replica in [*unplaced, *self._left_without_neighbour(gone)]]
        for grant in grants:
            self._release(grant)
        ledger.gone = frozenset()
        for replica in reversed(lost):
            ledger.book(replica.grant)
            self.evaluator.invalidate(replica.grant.node)
        return FailureImpact(what, len(lost), tuple(sorted(unplaceable)), tuple(sorted(outages)))

    def _replicas_by_node(self, plan: Plan) -> dict[NodeIndex, list[_PlacedReplica]]:
        """Returns the replicas of a plan by node."""
        indexed = self.indexed
        replicas_on: dict[NodeIndex, list[_PlacedReplica]] = {}
        for placement in plan.placements:
            demand, node = indexed.index[placement.workload], indexed.node_index[placement.node]
            devices = {device.name: position for position, device in enumerate(indexed.nodes[node].devices)}
            grant = Grant(
                demand,
                node,
                tuple((use.core, use.amount) for use in placement.cores),
                tuple((devices[use.device], use.amount) for use in placement.devices),
            )
            replicas_on.setdefault(node, []).append(_PlacedReplica(demand, placement.index, grant))
        return replicas_on

    def _place_again(
        self, lost: list[_PlacedReplica], gone: Collection[NodeIndex]
    ) -> tuple[list[Grant], list[_PlacedReplica]]:
        """Places lost replicas outside the nodes that are gone.

        Returns:
            The grants of those that fit, and the replicas that fit nowhere.
        """
        grants: list[Grant] = []
        unplaced = lost
        while unplaced:
            tried, unplaced = unplaced, []
            for replica in tried:
                # Of so many best nodes and a runner-up, one is not gone if any fits.
                evaluation = self.evaluator.evaluate(replica.demand, len(gone), explain=False)
                best_first = map(self._node_of, sorted(evaluation.heap))
                best = next((node for node in best_first if node not in gone), NO_NODE)
                if best < 0:
                    unplaced.append(replica)
                    continue
                grants.append(self.ledger.take(replica.demand, best))
                self.evaluator.invalidate(best)
            # A replica that has to be near another may fit once the other is placed.
            if len(unplaced) == len(tried) or not any(self.indexed.near):
                break
        return grants, unplaced

    def _wanted_elsewhere(self, lost: list[_PlacedReplica], gone: Collection[NodeIndex]) -> list[_PlacedReplica]:
        """Returns the lost replicas that are still asked for without the nodes that are gone.

        Of a service whose replicas the nodes count, one goes with each node; of a part of the nodes, as many as the
        others do not make up for.
        """
        indexed, missing = self.indexed, dict[DemandIndex, int]()
        for demand in {replica.demand for replica in lost}:
            share = indexed.demands[demand].node_share
            if share:
                static = indexed.static(demand)
                left = sum(not static[node] for node, _ in enumerate_nodes(indexed.nodes) if node not in gone)
                missing[demand] = -(-left * share // WHOLE_SHARE) - sum(self.ledger.placed[demand].values())
        wanted = []
        for replica in lost:
            if replica.demand in missing:
                missing[replica.demand] -= 1
                if missing[replica.demand] < 0:
                    continue
            wanted.append(replica)
        return wanted

    def _left_without_neighbour(self, gone: Collection[NodeIndex]) -> list[_PlacedReplica]:
        """Returns the replicas on nodes that are not gone whose required neighbour is."""
        indexed, ledger = self.indexed, self.ledger
        return [
            replica
            for node, replicas in (self.replicas_on.items() if any(indexed.near) else ())
            if node not in gone
            for replica in replicas
            if any(
                not near_holds(indexed, ledger, replica.demand, others, key, node, stands=True)
                for others, key in indexed.near[replica.demand]
            )
        ]

    def _release(self, grant: Grant) -> None:
        """Gives back what a grant holds."""
        self.ledger.release(grant)
        self.evaluator.invalidate(grant.node)

    def _address(self, replica: _PlacedReplica) -> str:
        """Returns the address of a replica."""
        return f"{self.indexed.demands[replica.demand].replica}/{replica.index}"
