"""Saved problems give their saved plans, to the byte."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rohe_iac.planning.model.json_codec import plan_to_json, problem_from_json
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

FOLDER = Path(__file__).parents[3] / "golden" / "plans"
CASES = sorted(path.stem for path in FOLDER.glob("*.json"))


@pytest.mark.parametrize("name", CASES)
def test_a_saved_problem_gives_the_saved_plan_to_the_byte(name: str) -> None:
    saved = json.loads((FOLDER / f"{name}.json").read_text())
    problem = problem_from_json(saved["problem"])
    result = plan(problem)
    assert verify(problem, result) == ()
    assert plan_to_json(result) == saved["plan"]


def test_the_original_sample_needs_four_nodes_and_fits_twice() -> None:
    once = json.loads((FOLDER / "template.json").read_text())["plan"]
    twice = json.loads((FOLDER / "template-twice.json").read_text())["plan"]
    assert (once["bound"]["nodes_used"], once["unplaced"]) == (4, [])
    assert (len(twice["placements"]), twice["unplaced"]) == (30, [])


def test_of_the_original_sample_six_times_58_replicas_are_placed_and_no_plan_places_more() -> None:
    once = problem_from_json(json.loads((FOLDER / "template.json").read_text())["problem"])
    demands = tuple(replace(demand, replicas=6 * demand.replicas) for demand in once.demands)
    problem = replace(once, demands=demands)
    result = plan(problem)
    assert verify(problem, result) == ()
    assert len(result.placements) == 58
    assert len(result.placements) + len(result.unplaced) == 90
