"""The HTML page of a plan."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from rohe_iac.cli.views.page.page import page_of
from rohe_iac.usecases.plans.analysis import AnalysedPlan


def test_a_first_plan_has_only_new_replicas(digits: AnalysedPlan) -> None:
    page = page_of(digits)
    assert "resources to create; nothing is applied yet" in page
    assert "Nothing is applied yet, so every replica is new: 9 replicas on 3 nodes." in page
    assert "no plan can use fewer than 2 (total size, spread)" in page
    assert "<script" not in page


def test_a_node_that_a_replica_left_is_shown_before_and_after(digits: AnalysedPlan) -> None:
    plan = digits.planfile.plan
    moved = next(item for item in plan.placements if item.instance == "classify-bayes-0")
    placements = tuple(
        msgspec.structs.replace(item, node="jetson-1") if item == moved else item for item in plan.placements
    )
    before = replace(digits.planfile, plan=replace(plan, placements=placements))
    page = page_of(AnalysedPlan(digits.planfile, before))
    assert "8 kept, 0 added, 1 moved" in page
    assert 'aria-label="node jetson-1 before and after"' in page
    assert 'aria-label="node pi-1 before and after"' in page
    assert 'aria-label="node zero-1 before and after"' not in page
