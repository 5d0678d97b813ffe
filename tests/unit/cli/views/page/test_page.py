"""The HTML page of a plan."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from rohe_iac.cli.main import run
from rohe_iac.cli.views.page.page import page_of
from rohe_iac.usecases.plans.analysis import AnalysedPlan

DIGITS = Path(__file__).parents[5] / "examples" / "digits"


def test_a_first_plan_has_only_new_replicas(digits: AnalysedPlan) -> None:
    page = page_of(digits)
    assert "resources to create; nothing is applied yet" in page
    assert "Nothing is applied yet, so every replica is new: 9 replicas on 3 nodes." in page
    assert "no plan can use fewer than 2 (total size, spread)" in page
    assert "<script" not in page


def test_a_node_that_a_replica_left_is_shown_before_and_after(digits: AnalysedPlan) -> None:
    plan = digits.planfile.plan
    moved = next(item for item in plan.placements if item.instance == "classify-forest-0")
    placements = tuple(
        msgspec.structs.replace(item, node="jetson-1") if item == moved else item for item in plan.placements
    )
    before = replace(digits.planfile, plan=replace(plan, placements=placements))
    page = page_of(AnalysedPlan(digits.planfile, before))
    assert "8 kept, 0 added, 1 moved" in page
    assert 'aria-label="node jetson-1 before and after"' in page
    assert 'aria-label="node pi-1 before and after"' in page
    assert 'aria-label="node zero-1 before and after"' not in page


def test_nodes_without_replicas_are_folded(cctvs: AnalysedPlan) -> None:
    plan = cctvs.planfile.plan
    placements = tuple(item for item in plan.placements if not item.node.startswith("jetson"))
    page = page_of(AnalysedPlan(replace(cctvs.planfile, plan=replace(plan, placements=placements)), None))
    assert "5 nodes without replicas</summary>" in page
    assert page.count('class="card" aria-label="node ') == 1


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o027, 0o640), (0o000, 0o644)])
def test_whom_the_umask_lets_read_can_read_the_page(umask: int, mode: int, tmp_path: Path) -> None:
    words = ["--html", str(tmp_path / "plan.html"), "--out", str(tmp_path / "p")]
    before = os.umask(umask)
    try:
        assert run(["-C", str(DIGITS), "plan", *words]) == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "plan.html").stat().st_mode) == mode
    assert stat.S_IMODE((tmp_path / "p").stat().st_mode) == 0o600
