"""Bars of nodes on a screen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.views.plans import bars
from rohe_iac.cli.views.plans.bars import WIDTH, bar, node_bars
from rohe_iac.cli.views.plans.node_usage import usage_by_node
from rohe_iac.cli.views.plans.verification import VerificationView
from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.usecases.plans.analysis import AnalysedPlan
from rohe_iac.usecases.plans.verify import Verification


@pytest.mark.parametrize(
    ("taken", "capacity", "filled", "colour"),
    [(0, 100, 0, "green"), (50, 100, 8, "green"), (75, 100, 12, "yellow"), (150, 100, 16, "red"), (1, 0, 16, "red")],
)
def test_a_bar_is_as_full_as_its_node_and_never_longer(taken: int, capacity: int, filled: int, colour: str) -> None:
    text = bar(taken, capacity)
    assert text.count("█") == filled
    assert text.count("█") + text.count("░") == WIDTH
    assert text.startswith(f"[{colour}]")


def test_a_node_is_a_row_on_a_wide_screen_and_three_lines_on_a_narrow_one(
    new_screen: Any, digits: AnalysedPlan
) -> None:
    problem, plan = digits.planfile.problem, digits.planfile.plan
    wide, printed_wide = new_screen(100)
    node_bars(wide, problem, plan)
    narrow, printed_narrow = new_screen(60)
    node_bars(narrow, problem, plan)
    assert len(printed_wide().strip().splitlines()) == 1 + len(problem.nodes)
    assert len(printed_narrow().strip().splitlines()) == 3 * len(problem.nodes)
    assert "2850m of 4" in printed_wide()
    assert "2850m of 4" in printed_narrow()


def test_of_many_nodes_each_device_type_is_a_row(
    new_screen: Any, cctvs: AnalysedPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bars, "FEW", 2)
    screen, printed = new_screen()
    node_bars(screen, cctvs.planfile.problem, cctvs.planfile.plan)
    kinds = {node.device_type for node in cctvs.planfile.problem.nodes}
    assert len(printed().strip().splitlines()) == 1 + len(kinds)


def test_cores_at_their_peaks_stand_beside_the_mean_cpu(new_screen: Any, cctvs: AnalysedPlan) -> None:
    problem, plan = cctvs.planfile.problem, cctvs.planfile.plan
    narrow = "528m of 4000m on average, cores at peak 3368m of 4000m"
    for width, words in ((120, "528m of 4000m 3368m of 4000m"), (60, narrow)):
        screen, printed = new_screen(width)
        node_bars(screen, problem, plan)
        assert words in " ".join(printed().split())


def test_nodes_that_keep_room_for_updates_say_so_and_are_counted(new_screen: Any, digits: AnalysedPlan) -> None:
    nodes = tuple(Supply(f"n{number}", 1000, 2**30) for number in range(1, 5))
    demand = Demand("service/p:d", "replica/p:d", "d", "p", "d", "", 2, Resources(cpu=900), update_room=1)
    problem = Problem("s", nodes, (demand,))
    decided = plan(problem)
    screen, printed = new_screen(160)
    node_bars(screen, problem, decided)
    assert "0m of 1000m, 900m kept for updates" in printed()
    assert sum(usage.used for usage in usage_by_node(problem, decided).values()) == decided.bound.nodes_used == 3
    screen, printed = new_screen(160)
    planfile = replace(digits.planfile, plan=decided, problem=problem)
    VerificationView(screen).show(planfile, Verification(()), PageOutput.human)
    assert "2 placements and room to update 1 replica on 3 nodes: every constraint holds" in printed()
