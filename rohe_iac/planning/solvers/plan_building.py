"""Plan building: from the decisions of a construction to the Plan that people and programs read."""

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
from rohe_iac.planning.placement.state.device_assignment import uses_of
from rohe_iac.planning.placement.state.positions import NO_NODE, DemandIndex, NodeIndex, enumerate_demands
from rohe_iac.planning.solvers.construction.decision import Decision
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.expected_slowdowns import ExpectedSlowdowns
from rohe_iac.planning.solvers.port_numbering import address_key, number_ports
from rohe_iac.planning.solvers.relocation import Relocation

LATE_ENDING = ", when all others had had their turn"
"""How the reason of a replica ends that fitted nowhere in its turn and was placed after all others."""

BY_NAME_ENDING = ", first by name of equal scores"
"""How the reason of a replica ends whose node has the same score as another."""

SEARCHED = "chosen by the search"

BROUGHT_NEAR = "near services whose reports agents hear (near: services), after all else had its node"
"""The reason of a replica that a search placed, in a plan without explanations."""

CHOSEN_FOR = {
    FIRST_FIT: "first by name",
    WORST_FIT: "loosest fit",
    DOT_PRODUCT: "best match of requested and free amounts",
    FRAGMENTATION: "least fragmentation of accelerators, then tightest fit,",
}
"""What a strategy prefers a node for; strategies that are not listed prefer the tightest fit."""


_Why = tuple[int, bool, bool, tuple[NodeIndex, str] | None]
"""What the reason of a decision depends on."""


def build_plan(construction: Construction, previous: Plan | None) -> Plan:
    """Returns the plan of a construction, with port numbers, reasons, unplaced replicas and the bound of nodes.

    Args:
        construction: the decisions; those of a demand are sorted by index.
        previous: the plan applied last: replicas keep their ports, and placements name the node that they had.
    """
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
    builder = _PlacementBuilder(construction)
    addresses = [demand.replica for demand in indexed.demands]
    for position in sorted(indexed.demand_indices, key=addresses.__getitem__):
        decisions = construction.decisions[position]
        if decisions:
            decisions.sort(key=attrgetter("index"))
            placements += builder.placements(position, decisions, ports, before)
    rooms = {demand.workload for demand in indexed.demands if demand.room}
    return Plan(
        stack=indexed.problem.stack,
        strategy=indexed.settings.strategy,
        objective=indexed.settings.objective,
        placements=tuple([item for item in placements if item.workload not in rooms]),
        unplaced=_unplaced(construction),
        refusals=tuple(
            refusals
            for refusals, demand in zip(construction.refusals, indexed.demands, strict=True)
            if refusals is not None and not (demand.room and demand.pipeline in indexed.left_out)
        ),
        bound=_bound(construction),
        proofs=construction.proofs,
        gain=construction.gain,
        reserved=tuple([item for item in placements if item.workload in rooms]),
        left_out=construction.left_out,
        problem=indexed.problem,
    )


def _bound(construction: Construction) -> Bound:
    """Returns the bound of the nodes used: the solver's, where it has proven a larger one."""
    found = bound(
        construction.indexed, [[decision.node for decision in decisions] for decisions in construction.decisions]
    )
    if construction.least_nodes <= found.at_least:
        return found
    proven = construction.least_nodes == found.nodes_used
    return Bound(found.nodes_used, construction.least_nodes, ("exact",), proven)


class _PlacementBuilder:
    """Turns decisions into placements. Equal values within a demand are one object, so that a large plan stays small.

    Attributes:
        construction: the decisions and how they were made.
        indexed: its problem.
        node_names: name of every node.
        chosen_for: what the strategy prefers a node for.
        relocation: says why a search chose a node; None where it chose none, or nothing is explained.
    """

    def __init__(self, construction: Construction) -> None:
        self.construction = construction
        self.indexed = construction.indexed
        self.node_names = [node.name for node in construction.indexed.nodes]
        self.chosen_for = CHOSEN_FOR.get(construction.strategy, "tightest fit")
        searched = any(decision.searched and not decision.kept for made in construction.decisions for decision in made)
        self.relocation = Relocation(construction) if searched and construction.explain else None
        self.slowdowns = ExpectedSlowdowns(construction)

    def placements(
        self,
        position: DemandIndex,
        decisions: list[Decision],
        ports: Mapping[str, tuple[PortUse, ...]],
        before: Mapping[str, Placement],
    ) -> list[Placement]:
        """Returns the placements of one demand.

        Args:
            position: position of the demand.
            decisions: its decisions, by index.
            ports: port numbers, by address of a replica.
            before: placements of the previous plan, by address of a replica.
        """
        indexed, node_names = self.indexed, self.node_names
        demand = indexed.demands[position]
        scorers = [(number, name) for number, name in enumerate(self.construction.scoring.names(position)) if name]
        variant = demand.variants[indexed.choice[position]].name if demand.variants else ""
        address, slug = demand.replica, demand.slug
        ending = f" ({demand.note})" if demand.note else ""
        late = self.construction.late
        # Most replicas of a demand share their cores, score parts, runner-up and reason with another. Cores and parts
        # are then the very same tuples, and looking them up by identity is much faster than by value.
        uses_by_id: dict[int, tuple[CoreUse, ...]] = {}
        parts_by_id: dict[int, tuple[ScorePart, ...]] = {}
        parts_by_value: dict[tuple[int, ...], tuple[ScorePart, ...]] = {}
        reasons: dict[_Why, str] = {}
        slowdowns = self.slowdowns.of(position)
        node_before, reason, decided = "", "", ""
        runner_up: RunnerUp | None = None
        last_why: _Why | None = None
        last = Decision(DemandIndex(-1), NO_NODE, fits=-1)
        placements = []
        for decision in decisions:
            replica = f"{address}/{decision.index}"
            cores, parts = decision.cores, decision.parts
            uses = uses_by_id.get(id(cores))
            if uses is None:
                uses = uses_by_id[id(cores)] = tuple([CoreUse(core, amount) for core, amount in cores])
            named_parts = parts_by_id.get(id(parts))
            if named_parts is None:
                if parts not in parts_by_value:
                    named = tuple([ScorePart(name, parts[number]) for number, name in scorers]) if parts else ()
                    parts_by_value[parts] = named
                named_parts = parts_by_id[id(parts)] = parts_by_value[parts]
            other, other_score = decision.runner_up, decision.runner_up_score
            if other != last.runner_up or other_score != last.runner_up_score:
                runner_up = RunnerUp(node_names[other], other_score) if other >= 0 else None
            if before:
                placement_before = before.get(replica)
                node_before = placement_before.node if placement_before else ""
            # What a search chose is explained by the node and by where the replica was.
            place = (decision.node, node_before) if decision.searched else None
            why = (decision.fits, decision.kept, decision.score == other_score, place)
            if why != last_why:
                if why not in reasons:
                    reasons[why] = self._sentence(decision) + ending
                reason = reasons[why]
                decided = DECIDED_BY_SEARCH if decision.searched else DECIDED_BY_PREVIOUS if decision.kept else ""
                last_why = why
            last = decision
            is_late = (position, decision.index) in late if late else False
            placements.append(
                Placement(
                    replica,
                    f"{slug}-{decision.index}",
                    demand.workload,
                    demand.pipeline,
                    demand.service,
                    demand.member,
                    decision.index,
                    node_names[decision.node],
                    self._sentence(decision) + LATE_ENDING + ending if is_late else reason,
                    variant,
                    node_before,
                    demand.system,
                    uses,
                    self.device_uses(decision) if decision.devices else (),
                    ports.get(replica, ()) if ports else (),
                    decision.score,
                    named_parts,
                    runner_up,
                    decided,
                    is_late,
                    slowdowns.get(decision.node, 0),
                )
            )
        return placements

    def device_uses(self, decision: Decision) -> tuple[DeviceUse, ...]:
        """Returns the devices that a replica gets."""
        return uses_of(self.indexed.nodes[decision.node].devices, decision.devices, self.indexed.memory_offset)

    def _sentence(self, decision: Decision) -> str:
        """Returns the sentence that says why the replica is on this node."""
        if decision.kept:
            return "stays where it was"
        if decision.fits == 1:
            return "the only suitable node"
        if (decision.demand, decision.index) in self.construction.brought_near:
            return BROUGHT_NEAR
        if decision.searched:
            return self.relocation.reason(decision) if self.relocation is not None else SEARCHED
        custom = self.indexed.plugins.strategy
        if custom is not None:
            return f"chosen by {custom.name} among {decision.fits} suitable nodes"
        sentence = f"{self._weightiest(decision.demand)}{self.chosen_for} among {decision.fits} suitable nodes"
        tied = decision.runner_up >= 0 and decision.score == decision.runner_up_score
        return sentence + BY_NAME_ENDING if tied and self.construction.strategy != FIRST_FIT else sentence

    def _weightiest(self, demand: DemandIndex) -> str:
        """Returns what scores nodes for the demand before the strategy does: preferences, then interference."""
        scorers = self.construction.scoring.names(demand)
        preferred = "most preferences met, then " if {"wishes", "taints"} & set(scorers) else ""
        return preferred + ("least interference with neighbours, then " if "interference" in scorers else "")


def _unplaced(construction: Construction) -> tuple[Unplaced, ...]:
    """Returns the replicas without a node, by address, each with the nodes that come closest."""
    unplaced = []
    left_out = construction.indexed.left_out
    for position, indices in enumerate_demands(construction.unplaced):
        demand = construction.indexed.demands[position]
        if demand.room and demand.pipeline in left_out:
            continue
        refusals: Refusals | None = construction.refusals[position]
        for index in indices:
            unplaced.append(
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
    return tuple(sorted(unplaced, key=lambda replica: address_key(replica.replica)))
