"""Verifies what a plan says that replicas move for."""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.planning.model.plan import Gain, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.measured_terms import measured_terms

LESS_IS_BETTER = frozenset(("moves", "interference", "nodes", "cost", "balance"))
"""Terms of which a plan wants little."""

NOT_MEASURED = frozenset(("slack", "wishes"))
"""Terms whose value is not measured here; that of `moves` depends on which moves are necessary."""


def gain_faults(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Yields a fault where the stated gain is none, or its value with the moves is not that of the plan.

    What the value would be without the moves is the planner's word: it is that of another plan.
    """
    if plan.gain is None:
        return
    for message in _messages(problem, plan, plan.gain):
        yield Fault("gain", problem.stack, message)


def _messages(problem: Problem, plan: Plan, gain: Gain) -> Iterator[str]:
    moved = sum(bool(item.was) and item.was != item.node for item in plan.placements)
    if not 1 <= gain.moves <= moved:
        yield f"it says that {gain.moves} replicas move that could stay, and {moved} move at all"
    terms: dict[str, list[int]] = {}
    for name, (_, most), _ in measured_terms(problem, plan):
        terms.setdefault(name, []).append(most)
    if gain.term not in {*terms, *NOT_MEASURED, "placed"} or gain.term == "stable":
        yield f"{gain.term} is no term of the objective {', '.join(problem.settings.objective)}"
        return
    if (gain.after >= gain.before) if gain.term in LESS_IS_BETTER else (gain.after <= gain.before):
        yield f"{gain.term} goes from {gain.before} to {gain.after}, which is no gain"
    if gain.term in terms and gain.term != "moves" and gain.after not in terms[gain.term]:
        yield f"{gain.term} is {', '.join(map(str, terms[gain.term]))} in the plan, not {gain.after}"
