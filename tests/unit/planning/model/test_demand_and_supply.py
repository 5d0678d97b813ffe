"""Claims about demands and nodes by themselves: rank, free virtual memory, and the rules of one node alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rohe_iac.planning.model.demand import SYSTEM_RANK, TolerationRule
from rohe_iac.planning.model.eligibility import static_rule
from rohe_iac.planning.model.supply import NodeTaint


def test_what_the_stack_runs_for_itself_ranks_above_every_priority(world: Any) -> None:
    high, own = world.demand("high", priority=2**31 - 1), world.demand("own", system=True, priority=-1)
    assert own.rank == SYSTEM_RANK > high.rank


def test_room_for_updates_ranks_below_the_replicas_of_its_priority_and_above_those_of_the_next(world: Any) -> None:
    ranks = [world.demand("a", priority=priority, room=room).rank for priority in (1, 0, -1) for room in (False, True)]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == len(ranks)


def test_free_virtual_memory_is_what_may_be_promised_less_what_others_use(world: Any) -> None:
    node = world.node("n1", vms=1001, vms_used=300)
    assert node.free_vms(1_000_000) == 701
    assert node.free_vms(1_500_000) == 1501 - 300, "rounded down before others are taken off"
    assert replace(node, vms_used=2000).free_vms(1_000_000) == -999
    assert replace(node, vms=None).free_vms(1_000_000) is None


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, ""),
        ({"status": "cordoned", "labels": ()}, "status"),
        ({"labels": (("disk", "slow"),)}, "labels"),
        ({"taints": (NodeTaint("edge"), NodeTaint("gpu"))}, "taints"),
        ({"taints": (NodeTaint("edge"), NodeTaint("gpu", effect="PreferNoSchedule"))}, ""),
        ({"arch": "arm64"}, "architecture"),
        ({"arch": ""}, ""),
    ],
)
def test_the_first_rule_that_excludes_a_node_names_it(world: Any, changes: dict[str, Any], rule: str) -> None:
    demand = world.demand(
        "a", selector=(("disk", "fast"),), tolerations=(TolerationRule("edge", "Exists"),), arch=("amd64",)
    )
    node = world.node("n1", labels=(("disk", "fast"),), taints=(NodeTaint("edge"),), arch="amd64")
    assert static_rule(demand, replace(node, **changes)) == rule
