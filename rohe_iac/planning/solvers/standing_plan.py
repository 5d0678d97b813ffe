"""The plan of a problem that the previous plan solves: nothing moves."""

from __future__ import annotations

from dataclasses import replace

from rohe_iac.planning.model.plan import Plan, Proof
from rohe_iac.planning.model.plugins.protocols import Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.state.from_plan import (
    choice_of,
    left_out_of,
    relaxed_spreads_of,
    standing_grants,
)
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.construction.service_order import service_order
from rohe_iac.planning.solvers.plan_building import build_plan

MOVE_TERMS = frozenset(("moves", "stable"))
"""Terms that count moves, of which a plan that keeps everything has none."""


def solves(previous: Plan, problem: Problem) -> bool:
    """Checks whether the previous plan was made for this problem, in whatever order its parts come.

    Plug-ins are the same where their origins are, which the settings name with the digests of their files.
    """
    solved = previous.problem
    return solved is not None and (
        solved == problem
        or (
            (solved.stack, _without_max_moves(solved)) == (problem.stack, _without_max_moves(problem))
            and all(
                len(mine) == len(others) and set(mine) == set(others)
                for mine, others in (
                    (solved.nodes, problem.nodes),
                    (solved.demands, problem.demands),
                    (solved.wires, problem.wires),
                    (solved.edges, problem.edges),
                    (solved.promises, problem.promises),
                    (solved.gangs, problem.gangs),
                )
            )
        )
    )


def _without_max_moves(problem: Problem) -> object:
    """Returns the settings that decide where replicas go."""
    return replace(problem.settings, max_moves=None)


def standing_plan(problem: Problem, previous: Plan, plugins: Plugins, *, explain: bool) -> Plan:
    """Returns a plan with the placements of the previous one, bit for bit; what had no place has none.

    Args:
        problem: the problem that both plans solve.
        previous: the plan applied last.
        plugins: what the settings name.
        explain: whether refused nodes are recorded.
    """
    spare = frozenset((previous.spare,)) if previous.spare else frozenset()
    indexed = IndexedProblem(
        problem,
        choice_of(problem, previous),
        spare,
        relaxed_spreads_of(previous),
        plugins,
        left_out=left_out_of(previous),
    )
    queue = service_order(indexed)
    construction = Construction(indexed, problem.settings.strategy, explain=explain)
    construction.stand(queue, standing_grants(indexed, previous, rooms_too=True))
    return replace(
        build_plan(construction, previous),
        bound=previous.bound,
        proofs=tuple(Proof(proof.term, 0, 0) if proof.term in MOVE_TERMS else proof for proof in previous.proofs),
        losses=previous.losses,
        relaxed=previous.relaxed,
        spare=previous.spare,
        reserved=previous.reserved,
        left_out=previous.left_out,
    )
