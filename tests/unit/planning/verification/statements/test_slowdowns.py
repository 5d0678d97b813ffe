"""Claims about the check of slowdowns: every stated one is worked out again, to the last millionth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.measured_terms import any_sensitive, lost_percent
from rohe_iac.planning.verification.statements.slowdowns import slowdown_faults
from rohe_iac.planning.verification.verify import verify

MI = 2**20


def shared(world: Any, sensitivity: str) -> tuple[Any, Plan]:
    nodes = [world.node("n", cpu_used=700, devices=(world.gpu(),))]
    demands = [
        world.demand("a", 2, cpu=770, rss=300 * MI, sensitivity=sensitivity, slowdown=1_234_500,
                     devices=world.gpu_share(1300)),
        world.demand("b", 1, cpu=430, rss=711 * MI, devices=world.gpu_share(901)),
    ]  # fmt: skip
    problem = world.problem(nodes, demands)
    return problem, plan(problem)


@pytest.mark.parametrize("sensitivity", ["cpu", "memory", "cpu+memory", "accelerator", "cpu+memory+accelerator"])
def test_a_slowdown_that_is_altered_by_a_millionth_is_found(world: Any, sensitivity: str) -> None:
    problem, found = shared(world, sensitivity)
    assert not verify(problem, found)
    assert any_sensitive(problem, found)
    assert lost_percent(problem, found) > 0
    for number, item in enumerate(found.placements):
        for other in (item.slowdown + 1, 0 if item.slowdown else 5000):
            placements = list(found.placements)
            placements[number] = structs.replace(item, slowdown=other)
            (fault,) = slowdown_faults(problem, replace(found, placements=tuple(placements)))
            assert (fault.rule, fault.subject) == ("slowdown", item.replica)


def test_older_plans_state_no_slowdown(world: Any) -> None:
    problem, found = shared(world, "cpu")
    older = tuple(structs.replace(item, slowdown=0) for item in found.placements)
    assert verify(problem, replace(found, placements=older))
    assert not verify(problem, replace(found, placements=older), states_slowdown=False)
