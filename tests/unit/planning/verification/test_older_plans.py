"""Plan files that are older than a field are verified as they were."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgspec import structs

from rohe_iac.planning.model.json_codec import plan_from_json, plan_to_json, problem_from_json
from rohe_iac.planning.questions.analysis.node_survey import surveys_of
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.reasons import BY_NAME_WORDS
from rohe_iac.planning.verification.statements.older_rules import with_present_rules
from rohe_iac.planning.verification.verify import verify

GOLDEN = Path(__file__).parents[3] / "golden" / "plans"


def test_a_plan_without_what_decided_its_placements_is_verified(world: Any) -> None:
    saved = json.loads((GOLDEN / "template.json").read_text())
    problem, decided = problem_from_json(saved["problem"]), plan_from_json(saved["plan"])
    assert {item.decided for item in decided.placements} == {"search"}
    refused = {refusals.workload: sum(number for _, number in refusals.by_rule) for refusals in decided.refusals}
    older = tuple(
        structs.replace(
            item,
            decided="",
            late=False,
            reason=f"chosen with the other replicas by the search, one of {10 - refused[item.workload]} nodes that fit",
        )
        for item in decided.placements
    )
    assert verify(problem, replace(decided, placements=older)) == ()


def test_a_replica_that_keeps_its_node_may_leave_out_that_the_plan_before_decided(world: Any) -> None:
    problem = world.problem([world.node("n1")], [world.demand("d", 2, cpu=100)])
    again = plan(problem, plan(problem))
    older = tuple(structs.replace(item, decided="") for item in again.placements)
    assert verify(problem, replace(again, placements=older)) == ()


def test_the_words_of_older_plans_are_understood() -> None:
    saved = json.loads((GOLDEN / "template-best-fit.json").read_text())
    problem, decided = problem_from_json(saved["problem"]), plan_from_json(saved["plan"])
    older = re.sub(
        rf"tightest fit among (\d+) suitable nodes(?:{BY_NAME_WORDS})?",
        r"the least left over of \1 nodes that fit",
        json.dumps(saved["plan"]),
    )
    older = older.replace("the only suitable node", "the only node that fits")
    older = re.sub(r"cores: needs (\w+) on ([\w ]+), (\w+) of it does not fit", r"cores: \3 of \1 on \2 missing", older)
    older = older.replace("none is free", "only 0 is free")
    assert older != json.dumps(saved["plan"])
    assert verify(problem, decided) == verify(problem, plan_from_json(json.loads(older))) == ()


def test_the_rule_about_the_spare_node_may_have_its_former_name(world: Any) -> None:
    nodes = [world.node(f"n{number}", cpu=4000) for number in range(4)]
    demands = [world.demand(name, cpu=size) for name, size in {"a": 3500, "b": 3500, "d": 1000, "e": 1000}.items()]
    problem = world.problem(nodes, demands, survive=1, strategy="worst-fit")
    decided = plan(problem)
    assert decided.spare
    older = json.dumps(plan_to_json(decided)).replace('"spare: ', '"reserved: ').replace('["spare", ', '["reserved", ')
    older = older.replace('"rule": "spare"', '"rule": "reserved"')
    former = plan_from_json(json.loads(older))
    assert former != decided
    assert with_present_rules(former) == with_present_rules(decided) == decided
    assert verify(problem, decided) == verify(problem, former) == ()
    (survey,) = surveys_of(problem, replace(former, spare=""), former.placements[-1:])
    assert dict(survey.by_rule)["spare"] == 1
