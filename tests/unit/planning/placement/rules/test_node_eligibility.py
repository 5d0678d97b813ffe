"""The rules about a node itself: which one refuses, in which words."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.model.demand import LabelMatch, TolerationRule
from rohe_iac.planning.model.supply import NodeTaint
from rohe_iac.planning.placement.rules.node_eligibility import ELIGIBILITY_RULES
from rohe_iac.planning.placement.rules.shortfall import shortage
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def test_each_rule_about_a_node_itself_says_what_is_wrong_with_it(world: Any) -> None:
    ssd = (("disk", "ssd"),)
    nodes = [
        world.node("n0", labels=ssd),
        world.node("n1", labels=ssd, status="down"),
        world.node("n2"),
        world.node(
            "n3",
            labels=ssd,
            taints=(NodeTaint("gpu", "yes"), NodeTaint("lan"), NodeTaint("slow", "", "PreferNoSchedule")),
        ),
        world.node("n4", labels=ssd, arch="amd64"),
        world.node("n5", labels=ssd),
    ]
    demand = world.demand("d", selector=ssd, arch=("arm64", "riscv64"), tolerations=(TolerationRule("lan", "Exists"),))
    indexed = IndexedProblem(world.problem(nodes, [demand]), spare=frozenset({"n5"}))
    ledger = Ledger(indexed)
    said = [shortage(indexed, ledger, 0, node) for node in range(6)]
    assert said[0] == ("", "d fits", 0)
    assert said[1:] == [
        ("status", "status: the node is down", 1_000_000),
        ("labels", "labels: disk=ssd missing", 1_000_000),
        ("taints", "taints: gpu=yes not tolerated", 1_000_000),
        ("architecture", "architecture: the node is amd64, asked is arm64 or riscv64", 1_000_000),
        ("spare", "spare: kept free for the replicas of a node that fails", 1_000_000),
    ]


def test_a_rule_about_a_node_itself_lacks_nothing_where_another_one_refuses(world: Any) -> None:
    indexed = IndexedProblem(world.problem([world.node("n1", status="down")], [world.demand("d")]))
    free = Ledger(indexed).free(0)
    assert [rule.name for rule in ELIGIBILITY_RULES if rule.lacks(indexed, 0, 0, free)] == ["status"]


def test_a_spare_node_that_another_rule_refuses_is_refused_by_that_rule(world: Any) -> None:
    nodes = [world.node("n1", status="cordoned")]
    assert IndexedProblem(world.problem(nodes, [world.demand("d")]), spare=frozenset({"n1"})).static(0) == ["status"]


def test_labels_are_refused_by_what_is_missing_and_what_is_excluded(world: Any) -> None:
    nodes = [
        world.node("n0", labels=(("camera", "4k"), ("zone", "b"))),
        world.node("n1", labels=(("camera", "4k"), ("disk", "hdd"), ("zone", "c"))),
        world.node("n2"),
    ]
    matches = (
        LabelMatch("camera", "Exists"),
        LabelMatch("disk", "NotIn", ("hdd", "tape")),
        LabelMatch("node", "NotIn", ("n2",)),
        LabelMatch("zone", "In", ("a", "b")),
    )
    indexed = IndexedProblem(world.problem(nodes, [world.demand("d", matches=matches)]))
    ledger = Ledger(indexed)
    assert [shortage(indexed, ledger, 0, node)[1] for node in range(3)] == [
        "d fits",
        "labels: zone=a|b missing, disk=hdd excluded",
        "labels: camera, zone=a|b missing, node=n2 excluded",
    ]
