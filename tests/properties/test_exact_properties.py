from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from plan_samples import problems

from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.objective.objective import LexicographicObjective, Worth
from rohe_iac.planning.placement.state.from_plan import nodes_of, standing_grants
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

pytest.importorskip("ortools")

quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def worth(problem: Problem, before: Plan | None, found: Plan) -> Worth:
    """By the objective, with nothing but what the plan says."""
    indexed = IndexedProblem(problem)
    objective = LexicographicObjective(indexed, nodes_of(standing_grants(indexed, before)))
    placed = [((indexed.index[item.workload], item.index), indexed.node_index[item.node]) for item in found.placements]
    # Preferences that other replicas decide are what the solver does not weigh.
    weighed = objective.preferred.by_node
    return tuple(value for name, value in objective.terms(placed) if name != "wishes" or weighed)


def by(problem: Problem, strategy: str) -> Problem:
    # A limit of moves is stretched by those that cannot be helped, which the objective alone does not know; variants
    # are chosen before, one after another.
    demands = tuple(replace(demand, variants=()) for demand in problem.demands)
    # Slack is what the solver does not weigh.
    named = tuple(name for name in problem.settings.objective if name != "slack")
    chosen = replace(problem.settings, strategy=strategy, objective=named, max_moves=None, survive=0)
    return replace(problem, demands=demands, settings=chosen)


@quick
@given(problems(), problems())
def test_nothing_is_better_than_what_exact_proves(first: Problem, second: Problem) -> None:
    before = plan(by(first, "best-fit"), explain=False)
    for asked, previous in ((first, None), (second, before)):
        proven = plan(by(asked, "exact"), previous, explain=False)
        assert verify(by(asked, "exact"), proven) == ()
        found = plan(by(asked, "portfolio"), previous, explain=False)
        assert verify(by(asked, "portfolio"), found) == ()
        assert worth(by(asked, "exact"), previous, proven) >= worth(by(asked, "portfolio"), previous, found), (
            proven.proofs
        )
        if all(proof.reached == proof.limit for proof in proven.proofs):
            told = [proof.reached for proof in proven.proofs]
            assert told == [abs(term) for term in worth(by(asked, "exact"), previous, proven)]
