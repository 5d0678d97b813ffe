"""Checks a plan against its problem, with arithmetic of its own.

Nothing is shared with the planner's ledger, rules, indexes or bounds, so that a fault in one of them shows here.
"""

from __future__ import annotations

from collections import defaultdict

from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Plugins
from rohe_iac.planning.model.problem import Problem, with_local_flows
from rohe_iac.planning.verification.capacity import capacity_faults
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.gangs import gang_faults
from rohe_iac.planning.verification.identity import identity_faults
from rohe_iac.planning.verification.network import network_faults
from rohe_iac.planning.verification.placement_rules import coupling_faults, port_faults, static_faults, survival_faults
from rohe_iac.planning.verification.plugged_filters import filter_faults
from rohe_iac.planning.verification.proofs import bound_faults, proof_faults
from rohe_iac.planning.verification.reasons import reason_faults
from rohe_iac.planning.verification.skews import skew_faults
from rohe_iac.planning.verification.statements.gain import gain_faults
from rohe_iac.planning.verification.statements.left_out import left_out_faults, room_faults
from rohe_iac.planning.verification.statements.losses import unplaceable_faults
from rohe_iac.planning.verification.statements.node_counts import node_count_faults
from rohe_iac.planning.verification.statements.older_rules import with_present_rules
from rohe_iac.planning.verification.statements.order import order_faults
from rohe_iac.planning.verification.statements.places import place_faults
from rohe_iac.planning.verification.statements.scores import score_faults
from rohe_iac.planning.verification.statements.shares import share_faults
from rohe_iac.planning.verification.statements.shortages import shortage_faults
from rohe_iac.planning.verification.statements.slowdowns import slowdown_faults
from rohe_iac.planning.verification.statements.suitable_nodes import suitable_node_faults
from rohe_iac.planning.verification.statements.update_room import with_room


def verify(
    problem: Problem, plan: Plan, plugins: Plugins = NO_PLUGINS, *, states_slowdown: bool = True
) -> tuple[Fault, ...]:
    """Returns every broken constraint of the plan, sorted; empty where all hold.

    Args:
        plugins: the filters to ask again; those that the problem names and `plugins` does not have are not asked.
        states_slowdown: whether placements state how much neighbours slow them down; older plan files do not.
    """
    plan = with_present_rules(plan)
    stated_problem, stated = problem, plan
    problem, plan = with_room(with_local_flows(problem), plan)
    nodes = {node.name: node for node in problem.nodes}
    demands = {demand.workload: demand for demand in problem.demands}
    faults = [*identity_faults(problem, plan), *node_count_faults(stated_problem)]
    known = [item for item in plan.placements if item.node in nodes and item.workload in demands]
    by_node: dict[str, list[Placement]] = defaultdict(list)
    for item in known:
        by_node[item.node].append(item)
    for name, items in by_node.items():
        faults += capacity_faults(problem, nodes[name], [(item, demands[item.workload]) for item in items])
    for item in known:
        faults += static_faults(item, demands[item.workload], nodes[item.node])
    faults += port_faults(problem, known, demands)
    faults += coupling_faults(nodes, demands, known)
    faults += survival_faults(stated_problem, stated, [item for item in known if not demands[item.workload].room])
    faults += gang_faults(stated_problem, stated)
    faults += share_faults(stated_problem, stated)
    faults += skew_faults(problem, plan, known)
    faults += network_faults(problem, known)
    faults += bound_faults(problem, plan)
    faults += proof_faults(problem, plan)
    faults += gain_faults(problem, plan)
    faults += reason_faults(problem, plan, plugins)
    faults += left_out_faults(stated_problem, stated)
    faults += order_faults(problem, plan)
    faults += score_faults(problem, plan)
    if states_slowdown:
        faults += slowdown_faults(problem, plan)
    faults += suitable_node_faults(problem, plan)
    if not faults:
        # Where a core or device does not exist, nothing can be said of what is free.
        faults += unplaceable_faults(stated_problem, stated)
        faults += room_faults(problem, plan)
        faults += shortage_faults(problem, plan)
        faults += place_faults(problem, plan)
    if not faults:
        # Plug-in filters see only plans that hold otherwise, so that their code never meets an impossible node.
        faults += filter_faults(problem, known, plugins.filters)
    return tuple(sorted(faults, key=lambda fault: (fault.rule, fault.subject, fault.message)))
