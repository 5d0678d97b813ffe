"""Verification: a plan held against its problem, with arithmetic of its own.

Nothing here is shared with the ledger, the feasibility rules, the layout or the bounds: what the planner gets wrong in
one of them is found here.
"""

from __future__ import annotations

from collections import defaultdict

from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.verification.capacity import capacity_faults
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.identity import identity_faults
from rohe_iac.planning.verification.network import network_faults
from rohe_iac.planning.verification.placement_rules import coupling_faults, port_faults, static_faults, survival_faults
from rohe_iac.planning.verification.plugged_filters import filter_faults
from rohe_iac.planning.verification.proofs import bound_faults, proof_faults
from rohe_iac.planning.verification.reasons import reason_faults


def verify(problem: Problem, plan: Plan, plugins: Plugins = NO_PLUGINS) -> tuple[Fault, ...]:
    """Returns every broken constraint of the plan, sorted; empty where all hold.

    Args:
        plugins: the filters to ask again; those that the problem names and `plugins` does not have are not asked.
    """
    nodes = {node.name: node for node in problem.nodes}
    demands = {demand.workload: demand for demand in problem.demands}
    faults = [Fault(*told) for told in identity_faults(problem, plan)]
    known = [item for item in plan.placements if item.node in nodes and item.workload in demands]
    on: dict[str, list[Placement]] = defaultdict(list)
    for item in known:
        on[item.node].append(item)
    for name, items in on.items():
        faults += capacity_faults(problem, nodes[name], [(item, demands[item.workload]) for item in items])
    for item in known:
        faults += static_faults(item, demands[item.workload], nodes[item.node])
    faults += port_faults(problem, known, demands)
    faults += coupling_faults(nodes, demands, known)
    faults += survival_faults(problem, plan, known)
    faults += [Fault(*told) for told in network_faults(problem, known)]
    faults += bound_faults(problem, plan)
    faults += proof_faults(problem, plan)
    faults += [Fault(*told) for told in reason_faults(problem, plan, plugins)]
    if not faults:
        # Plugged filters are asked of what holds otherwise, so that they see only what can be.
        faults += [Fault(*told) for told in filter_faults(problem, known, plugins.filters)]
    return tuple(sorted(faults, key=lambda fault: (fault.rule, fault.subject, fault.message)))
