"""Composition: from an attempt's decisions to the Plan that people and programs read."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter

from rohe_iac.planning.model.plan import (
    DECIDED_BY_PREVIOUS,
    DECIDED_BY_SEARCH,
    Bound,
    CoreUse,
    DeviceUse,
    Placement,
    Plan,
    PortUse,
    Refusals,
    RunnerUp,
    ScorePart,
    Unplaced,
)
from rohe_iac.planning.model.strategies import DOT_PRODUCT, FIRST_FIT, FRAGMENTATION, WORST_FIT
from rohe_iac.planning.placement.objective.bounds import bound
from rohe_iac.planning.solvers.construction.decision import Decision
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.port_numbering import number_ports

LATE_WORDS = ", when all others had had their turn"
"""How the reason ends of a replica that fitted nowhere when it was its turn."""

BEST = {
    FIRST_FIT: "the first by name",
    WORST_FIT: "the most left over",
    DOT_PRODUCT: "the best match of what is asked and what is free",
    FRAGMENTATION: "the least loss of what others will use of accelerators, then the least left over,",
}
"""What the strategies choose a node for; the others by what is left over."""


def build_plan(construction: Construction, previous: Plan | None) -> Plan:
    """The plan that an attempt amounts to: numbered ports, reasons, unplaced replicas and the bound."""
    indexed = construction.indexed
    before = {placement.replica: placement for placement in previous.placements} if previous else {}
    ports = number_ports(
        (
            (f"{demand.replica}/{decision.index}", demand)
            for demand, decisions in zip(indexed.demands, construction.decisions, strict=True)
            if demand.ports
            for decision in decisions
        ),
        {number for fixed in indexed.host_ports for number, _ in fixed},
        indexed.settings.ports,
        {replica: placement.ports for replica, placement in before.items()} if any(indexed.numbered) else {},
    )
    placements: list[Placement] = []
    words = _Words(construction)
    heads = [demand.replica for demand in indexed.demands]
    for position in sorted(range(len(heads)), key=heads.__getitem__):
        decisions = construction.decisions[position]
        if decisions:
            decisions.sort(key=attrgetter("index"))
            placements += words.placements(position, decisions, ports, before)
    return Plan(
        stack=indexed.problem.stack,
        strategy=indexed.settings.strategy,
        objective=indexed.settings.objective,
        placements=tuple(placements),
        unplaced=_unplaced(construction),
        refusals=tuple(item for item in construction.refusals if item is not None),
        bound=_bound(construction),
        proofs=construction.proofs,
    )


def _bound(construction: Construction) -> Bound:
    found = bound(
        construction.indexed, [[decision.node for decision in decisions] for decisions in construction.decisions]
    )
    if construction.least_nodes <= found.at_least:
        return found
    proven = construction.least_nodes == found.nodes_used
    return Bound(found.nodes_used, construction.least_nodes, ("exact",), proven)


class _Words:
    """Says decisions in names. What is equal within a demand is one object, so that a large plan stays small."""

    def __init__(self, construction: Construction) -> None:
        self.construction = construction
        self.indexed = construction.indexed
        self.node_names = [node.name for node in construction.indexed.nodes]
        self.best = BEST.get(construction.strategy, "the least left over")

    def placements(
        self,
        position: int,
        decisions: list[Decision],
        ports: Mapping[str, tuple[PortUse, ...]],
        before: Mapping[str, Placement],
    ) -> list[Placement]:
        """The placements of one demand."""
        indexed, node_names = self.indexed, self.node_names
        demand = indexed.demands[position]
        scorers = [(at, name) for at, name in enumerate(self.construction.scoring.names(position)) if name]
        variant = demand.variants[indexed.choice[position]].name if demand.variants else ""
        head, slug = demand.replica, demand.slug
        ending = f" ({demand.note})" if demand.note else ""
        late = self.construction.late
        # Within a class most replicas share their cores, parts, runner-up and reason with another: cores and parts as
        # the very same tuples, which are found by their identity much faster than by what is in them.
        cores: dict[int, tuple[CoreUse, ...]] = {}
        parts: dict[int, tuple[ScorePart, ...]] = {}
        alike: dict[tuple[int, ...], tuple[ScorePart, ...]] = {}
        reasons: dict[tuple[int, bool, bool], str] = {}
        had, reason, decided = "", "", ""
        second: RunnerUp | None = None
        last = Decision(-1, -1, fits=-1)
        found = []
        for decision in decisions:
            replica = f"{head}/{decision.index}"
            took, points = decision.cores, decision.parts
            uses = cores.get(id(took))
            if uses is None:
                uses = cores[id(took)] = tuple([CoreUse(core, amount) for core, amount in took])
            told = parts.get(id(points))
            if told is None:
                if points not in alike:
                    alike[points] = tuple([ScorePart(name, points[at]) for at, name in scorers]) if points else ()
                told = parts[id(points)] = alike[points]
            rival, rival_points = decision.runner_up, decision.runner_up_points
            if rival != last.runner_up or rival_points != last.runner_up_points:
                second = RunnerUp(node_names[rival], rival_points) if rival >= 0 else None
            why = (decision.fits, decision.kept, decision.searched)
            if why != (last.fits, last.kept, last.searched):
                if why not in reasons:
                    reasons[why] = self._sentence(decision) + ending
                reason = reasons[why]
                decided = DECIDED_BY_SEARCH if decision.searched else DECIDED_BY_PREVIOUS if decision.kept else ""
            if before:
                stood = before.get(replica)
                had = stood.node if stood else ""
            last = decision
            is_late = bool(late) and (position, decision.index) in late
            found.append(
                Placement(
                    replica,
                    f"{slug}-{decision.index}",
                    demand.workload,
                    demand.pipeline,
                    demand.service,
                    demand.member,
                    decision.index,
                    node_names[decision.node],
                    self._sentence(decision) + LATE_WORDS + ending if is_late else reason,
                    variant,
                    had,
                    demand.system,
                    uses,
                    self.devices(decision) if decision.devices else (),
                    ports.get(replica, ()) if ports else (),
                    decision.points,
                    told,
                    second,
                    decided,
                    is_late,
                )
            )
        return found

    def devices(self, decision: Decision) -> tuple[DeviceUse, ...]:
        """The devices that a replica got."""
        devices = self.indexed.nodes[decision.node].devices
        return tuple(
            [DeviceUse(devices[number].type, devices[number].name, amount) for number, amount in decision.devices]
        )

    def _sentence(self, decision: Decision) -> str:
        """One sentence on why this node."""
        if decision.kept:
            return "stays where it was"
        if decision.fits == 1:
            return "the only node that fits"
        if decision.searched:
            return f"chosen with the other replicas by the search, one of {decision.fits} nodes that fit"
        own = self.indexed.plugins.strategy
        if own is not None:
            return f"chosen by {own.name} of {decision.fits} nodes that fit"
        return f"{self.best} of {decision.fits} nodes that fit"


def _unplaced(construction: Construction) -> tuple[Unplaced, ...]:
    found = []
    for position, missing in enumerate(construction.unplaced):
        demand = construction.indexed.demands[position]
        refusals: Refusals | None = construction.refusals[position]
        for index in missing:
            found.append(
                Unplaced(
                    replica=f"{demand.replica}/{index}",
                    workload=demand.workload,
                    pipeline=demand.pipeline,
                    service=demand.service,
                    member=demand.member,
                    index=index,
                    closest=refusals.closest if refusals else (),
                )
            )
    return tuple(sorted(found, key=lambda item: (item.replica.rpartition("/")[0], item.index)))
