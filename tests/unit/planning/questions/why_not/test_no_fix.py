"""Why there is no suggestion, for each kind of reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from rohe_iac.planning.model.demand import DeviceRequest, Edge
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Candidate, Origin, Plugin, Plugins
from rohe_iac.planning.model.supply import NodeTaint, Wire
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.questions.why_not.no_fix import why_no_fix
from rohe_iac.planning.questions.why_not.question import CONTRADICTORY, STILL_REFUSED, Question
from rohe_iac.planning.questions.why_not.refusal_case import EditSet, EditStep, RefusalCase
from rohe_iac.planning.questions.why_not.why_not import why_not
from rohe_iac.planning.solvers.planner import plan


def case_of(world: Any) -> RefusalCase:
    indexed = IndexedProblem(world.problem([world.node("n")], [world.demand("d")]))
    return RefusalCase(indexed, Ledger(indexed), indexed.index["service/p:d"], indexed.node_index["n"], ())


def test_each_reason_is_said(world: Any) -> None:
    case, two = case_of(world), list[list[EditSet]]([[()], [()]])
    assert "no link connects the two" in why_no_fix(case, "latency", None, Counter())
    assert "lifts what the rule `near` refuses" in why_no_fix(case, "near", None, Counter())
    assert why_no_fix(case, "cpu", two, Counter()).startswith("2 things are missing")
    assert "the rule `odd` refuses it" in why_no_fix(case, "odd", [], Counter())
    once = f"1 edit was tried by planning again, and {STILL_REFUSED}"
    assert why_no_fix(case, "cpu", two, Counter({STILL_REFUSED: 1})) == once
    outcomes = Counter({CONTRADICTORY: 1, STILL_REFUSED: 3})
    assert why_no_fix(case, "cpu", two, outcomes) == (
        f"4 edits were tried by planning again, and with 3 of them {STILL_REFUSED}, with 1 of them {CONTRADICTORY}"
    )


def test_an_answer_without_a_suggestion_says_why(world: Any) -> None:
    nodes = [world.node("n1", labels=(("zone", "a"),)), world.node("n2", labels=(("zone", "b"),))]
    demands = [world.demand("a", selector=(("zone", "a"),)), world.demand("b")]
    wire = Wire("w", ("zone/a", "zone/c"), 1)
    problem = world.problem(nodes, demands, wires=[wire], edges=[Edge("service/p:a", "service/p:b")], iterations=0)
    (answer,) = why_not(problem, plan(problem), "b", "n2")
    assert (answer.rule, answer.fixes) == ("latency", ())
    assert answer.no_fix.startswith("no link connects the two")
    wanted = world.demand("d", devices=(DeviceRequest("gpu", count=1, models=("x",)),), arch=("arm64",))
    node = world.node("n", arch="amd64", taints=(NodeTaint("lan"),))
    problem = world.problem([node], [wanted], strategy="best-fit")
    (answer,) = why_not(problem, plan(problem), "d", "n")
    assert answer.fixes == ()
    assert answer.no_fix.startswith("3 things are missing")


def test_a_replica_that_fits_says_where_it_is_and_why(world: Any) -> None:
    problem = world.problem([world.node("a"), world.node("b")], [world.demand("d", cpu=100)], strategy="best-fit")
    found = plan(problem)
    (answer,) = why_not(problem, found, "d", "b")
    assert answer.elsewhere == f"replica/p:d/0 is on a: {found.placements[0].reason}"
    (answer,) = why_not(problem, found, "d", "a")
    assert (answer.there, answer.elsewhere) == (1, "")


def test_an_edit_that_makes_another_replica_leave_the_node_is_not_proven(world: Any) -> None:
    """More cpu alone leaves memory missing; planned again, another replica would have to leave the node."""
    nodes = [world.node("n", cpu=2000, rss=1000, cores=()), world.node("m", cpu=9000, rss=9000, cores=())]
    demands = [
        world.demand("first", cpu=1500, rss=700, selector=(("disk", "ssd"),)),
        world.demand("wanted", cpu=1000, rss=400),
    ]
    nodes = [replace(node, labels=(("disk", "ssd"),)) for node in nodes]
    problem = world.problem(nodes, demands, strategy="best-fit", iterations=0)
    placements = tuple(
        structs.replace(item, node="n" if item.service == "first" else "m") for item in plan(problem).placements
    )
    found = replace(plan(problem), placements=placements, problem=None)
    question = Question(problem, found, demands[1], "n", "replica/p:wanted/0", NO_PLUGINS)
    (answer,) = why_not(problem, found, "wanted", "n")
    assert answer.missing == "cpu: needs 1000m, only 500m is free; memory.rss: needs 400, only 300 is free"
    cpu = EditStep("node/n.cpu up to 2500m", "node/n.cpu=2500m", 250_000)
    rss = EditStep("node/n.memory.rss up to 1100", "node/n.rss=1100", 100_000)
    assert question.plan_again((cpu,)).why == f"{STILL_REFUSED} because the rule `rss` still refuses n"
    assert question.plan_again((cpu, rss)).proven
    assert all("cpu" in fix.what_if and "rss" in fix.what_if for fix in answer.fixes)


def test_an_answer_without_a_suggestion_names_the_rule_that_refuses_still(world: Any) -> None:
    """A filter of the stack's own is no field, so that more cpu leaves the node refused."""

    def refuse(candidate: Candidate) -> str:
        return f"not on {candidate.node.name}"

    plugins = Plugins((Plugin("filter", "mine", Origin("m.py:refuse", "m.py:1"), refuse),))
    problem = world.problem([world.node("n", cores=())], [world.demand("a", cpu=5000)], filters=("m.py:refuse",))
    (answer,) = why_not(problem, plan(problem, None, plugins), "a", "n", plugins)
    assert answer.fixes == ()
    assert "because the rule `mine` still refuses n" in answer.no_fix


@pytest.mark.parametrize("sizes", [(2500, 2000), (4500, 1000)], ids=["beside-another", "too-large"])
def test_an_edit_that_suffices_alone_is_not_suggested_with_another(world: Any, sizes: tuple[int, int]) -> None:
    """More cpu places the whole gang, so that it need not stop being one."""
    names = ("b", "a") if sizes[0] < 4000 else ("a", "b")
    demands = [world.demand(name, cpu=cpu) for name, cpu in zip(("a", "b"), sizes, strict=True)]
    nodes = [world.node("n1", cores=())] + [world.node("n2", cpu=1000, cores=())] * (sizes[0] > 4000)
    problem = world.problem(nodes, demands, gangs=("p",))
    (answer,) = why_not(problem, plan(problem), names[0], "n1")
    edits = [set(fix.what_if.split(",")) for fix in answer.fixes]
    assert {"node/n1.cpu=4500m"} in edits
    assert not any(one < other for one in edits for other in edits)
    assert {"node/n1.cpu=4500m", "pipeline/p.gang=false"} not in edits
