"""The registry: the order of the rules, what follows from it, and what node classes have to tell apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rohe_iac.planning.model.supply import NodeTaint, Supply
from rohe_iac.planning.placement.rules.registry import CODES, COUPLING_RULES, RULE_NAMES, RULES, rules_of
from rohe_iac.planning.placement.rules.rule import CouplingRule
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.node_classes import NodeClasses

LOOKED_AT = sorted({field for rule in RULES if not isinstance(rule, CouplingRule) for field in rule.looks_at})


def test_plans_list_the_rules_in_the_order_of_the_registry(world: Any) -> None:
    assert RULE_NAMES == (
        "status", "spare", "labels", "taints", "architecture", "gang", "cpu", "cores", "rss", "vms",
        "disk", "network", "accelerators", "ports", "spread", "skew", "avoid", "near", "latency", "bandwidth",
        "budget",
    )  # fmt: skip
    assert rules_of(IndexedProblem(world.problem([], []))) == RULE_NAMES


def test_codes_and_coupling_rules_follow_from_the_registry() -> None:
    assert [CODES[name] for name in RULE_NAMES] == list(range(1, len(RULES) + 1))
    assert tuple(COUPLING_RULES) == RULE_NAMES[-8:]
    assert all(isinstance(rule, CouplingRule) == (rule.name in COUPLING_RULES) for rule in RULES)


@pytest.mark.parametrize("field", LOOKED_AT)
def test_nodes_that_differ_in_what_a_rule_looks_at_are_of_two_classes(world: Any, field: str) -> None:
    node = world.node("n1", vms=100, cores=(500, 500), labels=(("disk", "ssd"),))
    other = {
        "status": "down", "labels": (("disk", "hdd"),), "taints": (NodeTaint("lan"),), "arch": "arm64", "cpu": 1,
        "rss": 1, "vms": 1, "cores": (600, 400), "cpu_used": 1, "rss_used": 1, "vms_used": 1, "cores_used": (1,),
        "devices": (world.gpu(),), "disk": 1, "network": 1, "disk_used": 1, "network_used": 1,
    }[field]  # fmt: skip
    changed: Supply = replace(node, name="n2", **{field: other})
    classes = NodeClasses([node, changed], [world.demand("d", selector=(("disk", "ssd"),))], frozenset())
    assert classes.class_of == [0, 1]
    assert NodeClasses([node, replace(node, name="n2")], [], frozenset()).class_of == [0, 0]
