"""Audit: every node dropped in turn, and every zone; what is lost, what fits again, which services fall silent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
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
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger


@dataclass(frozen=True, slots=True)
class FailureImpact:
    """What the loss of a node or zone does.

    what: `node/NAME` or `zone/NAME`. lost: replicas that were there. homeless: those that fit nowhere else (addresses),
    and others that then lack the neighbour that they have to be near.
    silent: workloads of at least two replicas that have none left until others take over.
    """

    what: str
    lost: int
    unplaceable: tuple[str, ...]
    outages: tuple[str, ...]

    @property
    def survived(self) -> bool:
        """Whether every lost replica fits again and no service of two replicas falls silent."""
        return not self.unplaceable and not self.outages


def audit(
    problem: Problem, plan: Plan, plugins: Plugins = NO_PLUGINS, *, zones_too: bool = True
) -> tuple[FailureImpact, ...]:
    """One drop for every node that holds a replica and every zone with such a node, by address.

    The replicas that are not lost stay where they are; lost ones go, larger ones first, to the best node that fits by
    all rules but the spread that `survive` itself asks for.
    """
    # What is lost has to have a place, and one is kept free for it; that it is spread again is for the time when the
    # node is back.
    free = replace(problem, settings=replace(problem.settings, survive=0))
    indexed, ledger = ledger_of(free, replace(plan, relaxed=(), spare=""), plugins=plugins)
    field = evaluator_for(indexed, ledger, Scoring(indexed, ledger, BEST_FIT))
    keys = NodeKeys(len(indexed.nodes))
    on: dict[int, list[tuple[int, int, Grant]]] = {}
    for item in plan.placements:
        demand, node = indexed.index[item.workload], indexed.node_index[item.node]
        devices = {device.name: position for position, device in enumerate(indexed.nodes[node].devices)}
        grant = Grant(
            demand,
            node,
            tuple((use.core, use.amount) for use in item.cores),
            tuple((devices[use.device], use.amount) for use in item.devices),
        )
        on.setdefault(node, []).append((demand, item.index, grant))

    def drop(what: str, nodes: Iterable[int]) -> FailureImpact:
        gone = sorted(set(nodes))
        lost = [entry for node in gone for entry in on.get(node, ())]
        lost.sort(key=lambda entry: (-indexed.resources[entry[0]].cpu, entry[0], entry[1]))
        for demand, _, grant in lost:
            # Of links it gives back what flows between it and those that are there still.
            grant.wires = ledger.wires_of(demand, grant.node)
            ledger.release(grant)
            field.invalidate(grant.node)
        silent = sorted(
            {
                indexed.demands[demand].workload
                for demand, _, _ in lost
                if indexed.demands[demand].replicas > 1 and not ledger.placed[demand]
            }
        )
        found: list[Grant] = []
        closed = set(gone)
        waiting = [(demand, index) for demand, index, _ in lost]
        while waiting:
            left = []
            for demand, index in waiting:
                evaluation = field.evaluate(demand, len(gone), explain=False)
                nodes_ = (keys.node_of(key) for key in sorted(evaluation.heap))
                best = next((node for node in nodes_ if node not in closed), -1)
                if best < 0:
                    left.append((demand, index))
                    continue
                found.append(ledger.take(demand, best))
                field.invalidate(best)
            if len(left) == len(waiting) or not any(indexed.near):
                break
            # Who has to be near another may fit once that one has a place.
            waiting = left
        homeless = [f"{indexed.demands[demand].replica}/{index}" for demand, index in left] if waiting else []
        homeless += _lonely(indexed, ledger, on, closed)
        for grant in found:
            ledger.release(grant)
            field.invalidate(grant.node)
        for _, _, grant in reversed(lost):
            ledger.book(grant)
            field.invalidate(grant.node)
        return FailureImpact(what, len(lost), tuple(sorted(homeless)), tuple(silent))

    drops = [drop(f"node/{indexed.nodes[node].name}", (node,)) for node in sorted(on)]
    zones: dict[str, list[int]] = {}
    for position, supply in enumerate(indexed.nodes if zones_too else ()):
        zone = dict(supply.labels).get(ZONE_KEY)
        if zone is not None:
            zones.setdefault(zone, []).append(position)
    drops += [drop(f"zone/{zone}", nodes) for zone, nodes in sorted(zones.items()) if any(node in on for node in nodes)]
    return tuple(drops)


def _lonely(
    indexed: IndexedProblem, ledger: Ledger, on: Mapping[int, Sequence[tuple[int, int, Grant]]], closed: Collection[int]
) -> list[str]:
    """Replicas that stay and have to be near one that is gone."""
    return [
        f"{indexed.demands[demand].replica}/{index}"
        for node, entries in (on.items() if any(indexed.near) else ())
        if node not in closed
        for demand, index, _ in entries
        if any(
            not near_holds(indexed, ledger, demand, others, key, node, stands=True)
            for others, key in indexed.near[demand]
        )
    ]
