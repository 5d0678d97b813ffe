"""Verification: a plan held against its problem, with arithmetic of its own.

Nothing here is shared with the ledger, the feasibility rules, the layout or the bounds: what the planner gets wrong in
one of them is found here.
"""

from __future__ import annotations

from collections import defaultdict

from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.verification.capacity import _capacity
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.identity import unlike
from rohe_iac.planning.verification.network import broken_links
from rohe_iac.planning.verification.placement_rules import _neighbours, _ports, _static, _survival
from rohe_iac.planning.verification.plugged_filters import refused_by_filters
from rohe_iac.planning.verification.proofs import _bound, _proofs
from rohe_iac.planning.verification.reasons import misreasoned


def verify(problem: Problem, plan: Plan) -> tuple[Fault, ...]:
    """Every broken constraint of the plan, sorted; empty where all hold."""
    nodes = {node.name: node for node in problem.nodes}
    demands = {demand.workload: demand for demand in problem.demands}
    faults = [Fault(*told) for told in unlike(problem, plan)]
    known = [item for item in plan.placements if item.node in nodes and item.workload in demands]
    on: dict[str, list[Placement]] = defaultdict(list)
    for item in known:
        on[item.node].append(item)
    for name, items in on.items():
        faults += _capacity(problem, nodes[name], [(item, demands[item.workload]) for item in items])
    for item in known:
        faults += _static(item, demands[item.workload], nodes[item.node])
    faults += _ports(problem, known, demands)
    faults += _neighbours(nodes, demands, known)
    faults += _survival(problem, plan, known)
    faults += [Fault(*told) for told in broken_links(problem, known)]
    faults += _bound(problem, plan)
    faults += _proofs(problem, plan)
    faults += [Fault(*told) for told in misreasoned(problem, plan)]
    if not faults:
        # Plugged filters are asked of what holds otherwise, so that they see only what can be.
        faults += [Fault(*told) for told in refused_by_filters(problem, known)]
    return tuple(sorted(faults, key=lambda fault: (fault.rule, fault.subject, fault.message)))
