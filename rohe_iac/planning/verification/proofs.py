"""Verifies the proofs and the lower bound that a plan states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rohe_iac.planning.model.plan import Plan, Proof
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.verification.bounds import derived_bounds
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.measured_terms import measured_terms


def by_solver(plan: Plan) -> bool:
    """Checks whether a solver proved the plan's bound; verification does not derive such a bound again."""
    return plan.strategy == "exact" and plan.bound.arguments == ("exact",)


def proof_faults(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Yields a fault where proofs do not cover the objective, or state what the plan does not reach or cannot be.

    The limits themselves are taken on the solver's word, within what is so of every plan.
    """
    if plan.strategy != "exact":
        if plan.proofs:
            yield Fault("proofs", problem.stack, f"the strategy {plan.strategy} proves nothing")
        return
    measured = list(measured_terms(problem, plan))
    names, expected = [proof.term for proof in plan.proofs], [term for term, _, _ in measured]
    if names != expected:
        message = f"they are of {', '.join(names) or 'nothing'}; the objective has {', '.join(expected)}"
        yield Fault("proofs", problem.stack, message)
        return
    for proof, (term, (least, most), highest) in zip(plan.proofs, measured, strict=True):
        if not least <= proof.reached <= most:
            yield Fault("proofs", problem.stack, f"{term} is {most}, the solver says {proof.reached}")
        if proof.reached != proof.limit and (proof.reached > proof.limit) == (term in ("placed", "wishes")):
            yield Fault("proofs", problem.stack, f"{term} reaches {proof.reached} beyond the limit {proof.limit}")
        if not 0 <= proof.limit <= highest:
            yield Fault("proofs", problem.stack, f"the limit of {term} is {proof.limit}, that of any plan {highest}")
        if term == "nodes":
            yield from _node_proof_faults(problem, plan, proof, names[: names.index("nodes")])


def _node_proof_faults(problem: Problem, plan: Plan, proof: Proof, before: list[str]) -> Iterator[Fault]:
    """Yields a fault where the bound of nodes and the solver's proof of them do not agree."""
    if by_solver(plan) and plan.bound.at_least != proof.limit:
        yield Fault(
            "proofs", problem.stack, f"{plan.bound.at_least} nodes are needed, and the proof says {proof.limit}"
        )
    anew = not any(item.was for item in plan.placements)
    free = {"placed", "stable", "moves"} if anew else {"placed"}
    if not plan.unplaced and set(before) <= free and plan.bound.at_least < proof.limit:
        message = f"{proof.limit} nodes are proven to be needed, and the bound says {plan.bound.at_least}"
        yield Fault("proofs", problem.stack, message)


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
    if len(set(plan.bound.arguments)) < len(plan.bound.arguments):
        yield Fault("bound", problem.stack, f"an argument is named twice: {', '.join(plan.bound.arguments)}")
    if not unknown:
        yield from _argument_faults(problem, plan, least)
    for argument in plan.bound.arguments:
        if least.get(argument, 0) < plan.bound.at_least:
            yield Fault("bound", problem.stack, f"{argument} gives {least.get(argument, 0)}, not {plan.bound.at_least}")


ARGUMENT_ORDER = ("volume", "cores", "accelerators", "spread")
"""Arguments in the order in which plans list them."""


def _argument_faults(problem: Problem, plan: Plan, least: Mapping[str, int]) -> Iterator[Fault]:
    """Yields a fault where the arguments are not all that give the bound; of sums of two, one is enough."""
    tight = [name for name, value in least.items() if value == plan.bound.at_least and value]
    alone = [name for name in ARGUMENT_ORDER if name in tight]
    stated = list(plan.bound.arguments)
    if stated != alone and (alone or len(stated) > 1 or (tight and not stated)):
        words = ", ".join(alone or tight[:1])
        yield Fault("bound", problem.stack, f"{words} give the bound, and {', '.join(stated) or 'nothing'} is named")
