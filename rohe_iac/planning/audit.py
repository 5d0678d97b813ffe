"""Audit: every node dropped in turn, and every zone; what is lost, what fits again, which services fall silent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rohe_iac.planning.attempt import PLAIN_LIMIT
from rohe_iac.planning.booking import booked
from rohe_iac.planning.field import Field, PlainField
from rohe_iac.planning.layout import ZONE_KEY
from rohe_iac.planning.ledger import Grant
from rohe_iac.planning.plan import Plan
from rohe_iac.planning.problem import Problem
from rohe_iac.planning.scoring import BEST_FIT, Scoring


@dataclass(frozen=True, slots=True)
class Drop:
    """What the loss of a node or zone does.

    what: `node/NAME` or `zone/NAME`. lost: replicas that were there. homeless: those that fit nowhere else (addresses).
    silent: workloads of at least two replicas that have none left until others take over.
    """

    what: str
    lost: int
    homeless: tuple[str, ...]
    silent: tuple[str, ...]

    @property
    def survived(self) -> bool:
        """Whether every lost replica fits again and no service of two replicas falls silent."""
        return not self.homeless and not self.silent


def audit(problem: Problem, plan: Plan, *, zones_too: bool = True) -> tuple[Drop, ...]:
    """One drop for every node that holds a replica and every zone with such a node, by address.

    The replicas that are not lost stay where they are; lost ones go, larger ones first, to the best node that fits.
    """
    layout, ledger = booked(problem, plan)
    scoring = Scoring(layout, ledger, BEST_FIT)
    field: Field = PlainField(layout, ledger, scoring)
    if len(layout.nodes) * len(layout.demands) > PLAIN_LIMIT:
        from rohe_iac.planning.matrices import ArrayField

        field = ArrayField(layout, ledger, scoring)
    number = len(layout.nodes)
    on: dict[int, list[tuple[int, int, Grant]]] = {}
    for item in plan.placements:
        demand, node = layout.index[item.workload], layout.node_index[item.node]
        devices = {device.name: position for position, device in enumerate(layout.nodes[node].devices)}
        grant = Grant(
            demand,
            node,
            tuple((use.core, use.amount) for use in item.cores),
            tuple((devices[use.device], use.amount) for use in item.devices),
        )
        on.setdefault(node, []).append((demand, item.index, grant))

    def drop(what: str, nodes: Iterable[int]) -> Drop:
        gone = sorted(set(nodes))
        lost = [entry for node in gone for entry in on.get(node, ())]
        lost.sort(key=lambda entry: (-layout.resources[entry[0]].cpu, entry[0], entry[1]))
        for _, _, grant in lost:
            ledger.release(grant)
            field.touch(grant.node)
        silent = sorted(
            {
                layout.demands[demand].workload
                for demand, _, _ in lost
                if layout.demands[demand].replicas > 1 and not ledger.placed[demand]
            }
        )
        found, homeless = [], []
        closed = set(gone)
        for demand, index, _ in lost:
            view = field.evaluate(demand, len(gone), explain=False)
            best = -1
            for key in sorted(view.heap):
                node = number - 1 - (-key) % number
                if node not in closed:
                    best = node
                    break
            if best < 0:
                homeless.append(f"{layout.demands[demand].replica}/{index}")
                continue
            found.append(ledger.take(demand, best))
            field.touch(best)
        for grant in found:
            ledger.release(grant)
            field.touch(grant.node)
        for _, _, grant in lost:
            ledger.book(grant)
            field.touch(grant.node)
        return Drop(what, len(lost), tuple(sorted(homeless)), tuple(silent))

    drops = [drop(f"node/{layout.nodes[node].name}", (node,)) for node in sorted(on)]
    zones: dict[str, list[int]] = {}
    for position, supply in enumerate(layout.nodes if zones_too else ()):
        zone = dict(supply.labels).get(ZONE_KEY)
        if zone is not None:
            zones.setdefault(zone, []).append(position)
    drops += [drop(f"zone/{zone}", nodes) for zone, nodes in sorted(zones.items()) if any(node in on for node in nodes)]
    return tuple(drops)
