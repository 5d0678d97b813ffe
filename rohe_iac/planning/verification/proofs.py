"""Verifies the proofs and the lower bound that a plan states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.verification.bounds import derived_bounds
from rohe_iac.planning.verification.fault import Fault


def by_solver(plan: Plan) -> bool:
    """Checks whether a solver proved the plan's bound; verification does not derive such a bound again."""
    return plan.strategy == "exact" and plan.bound.arguments == ("exact",)


def proof_faults(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Yields a fault where a proof states another value than the plan reaches, or a limit that the value exceeds.

    The limits themselves are taken on the solver's word.
    """
    if plan.proofs and plan.strategy != "exact":
        yield Fault("proofs", problem.stack, f"the strategy {plan.strategy} proves nothing")
    rank = {demand.workload: 1 << 40 if demand.system else demand.priority for demand in problem.demands}
    placed = Counter(rank.get(item.workload) for item in plan.placements)
    levels = iter(sorted(set(rank.values()), reverse=True))
    used = {item.node for item in plan.placements}
    cost = sum(node.cost for node in problem.nodes if node.name in used)
    for proof in plan.proofs:
        reached = {"nodes": len(used), "cost": cost}.get(proof.term, proof.reached)
        if proof.term == "placed":
            reached = placed[next(levels, None)]
        if proof.reached != reached:
            yield Fault("proofs", problem.stack, f"{proof.term} is {reached}, the solver says {proof.reached}")
        if proof.reached != proof.limit and (proof.reached > proof.limit) == (proof.term == "placed"):
            yield Fault("proofs", problem.stack, f"{proof.term} reaches {proof.reached} beyond the limit {proof.limit}")


def bound_faults(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Yields a fault where the stated number of nodes, or the bound on it, cannot be."""
    used = len({item.node for item in plan.placements})
    if plan.bound.nodes_used != used:
        yield Fault("bound", problem.stack, f"{used} nodes are used, the plan says {plan.bound.nodes_used}")
    if plan.bound.proven != (plan.bound.at_least == used):
        yield Fault("bound", problem.stack, f"proven is {plan.bound.proven}: {plan.bound.at_least} of {used} nodes")
    if plan.bound.at_least > used:
        yield Fault("bound", problem.stack, f"at least {plan.bound.at_least} are claimed, {used} do")
        return
    least = derived_bounds(problem, plan)
    most = max(least.values())
    if by_solver(plan):
        # What a solver has proven can be more than what is derived here; `rohe verify` says that it was not checked.
        if plan.bound.at_least <= most:
            yield Fault("bound", problem.stack, f"{plan.bound.at_least} by the solver, {most} can be derived")
        return
    placed_workloads = {item.workload for item in plan.placements}
    # A workload without any replica has no known variant, and the sizes of every variant take part in rounding.
    unknown = any(demand.variants and demand.workload not in placed_workloads for demand in problem.demands)
    if plan.bound.at_least > most or (plan.bound.at_least < most and not unknown):
        yield Fault("bound", problem.stack, f"at least {plan.bound.at_least} are claimed, {most} can be derived")
    if plan.bound.at_least and not plan.bound.arguments:
        yield Fault("bound", problem.stack, f"at least {plan.bound.at_least} are claimed without an argument")
    for argument in plan.bound.arguments:
        if least.get(argument, 0) < plan.bound.at_least:
            yield Fault("bound", problem.stack, f"{argument} gives {least.get(argument, 0)}, not {plan.bound.at_least}")
