"""The flow of a plan on a page, and its map."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest

from rohe_iac.cli.views.page import flow, flow_map
from rohe_iac.cli.views.page.flow import flows_of, is_late, shown_latency, stages_of
from rohe_iac.cli.views.page.flow_map import map_of
from rohe_iac.cli.views.page.keys import WorkloadKeys
from rohe_iac.planning.questions.analysis.node_connections import SAME_NODE, UNCONNECTED, NodeConnection
from rohe_iac.usecases.plans.analysis import AnalysedPlan
from rohe_iac.usecases.plans.plan import make_plan

KEYS = WorkloadKeys(())
CCTVS = Path(__file__).parents[5] / "examples" / "cctvs"


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> AnalysedPlan:
    """The surveillance example with a link between its sites and a flow that has to cross it."""
    folder = tmp_path_factory.mktemp("linked") / "cctvs"
    shutil.copytree(CCTVS, folder)
    inventory = folder / "blueprints" / "inventory.yaml"
    link = "{name: backhaul, between: [zone/site-1, zone/site-2], latency: 8ms, bandwidth: 100Mbps}"
    down = inventory.read_text().replace("name: jetson-nano-01,", "name: jetson-nano-01, status: down,")
    inventory.write_text(f"{down.rstrip()}\n  links:\n    - {link}\n")
    return AnalysedPlan(make_plan(folder).planfile)


def test_stages_follow_each_other_from_the_source(cctvs: AnalysedPlan) -> None:
    stages = stages_of(cctvs.planfile.problem, cctvs.planfile.plan, KEYS)
    names = [[workload.name for workload in stage.workloads] for stage in stages]
    assert names == [["cctvs:image-ingestion"], ["cctvs:image-sharpening"], ["cctvs:object-detection"]]
    assert [stage.first for stage in stages] == [True, False, False]


def test_a_flow_is_parted_by_what_it_goes_over(linked: AnalysedPlan) -> None:
    problem, plan = linked.planfile.problem, linked.planfile.plan
    flows = flows_of(problem, plan, KEYS, linked.connections)
    replicas = {
        name: sum(item.service == name for item in plan.placements) for name in ("image-sharpening", "object-detection")
    }
    last = next(item for item in flows if item.sink == "cctvs:object-detection")
    assert sum(part.pairs for part in last.parts) == replicas["image-sharpening"] * replicas["object-detection"]
    assert {part.over for part in last.parts} <= {"same node", "same zone", "link backhaul", "no link"}
    assert all(part.latency == "8 ms" for part in last.parts if part.over == "link backhaul")


def test_a_flow_of_too_many_pairs_is_counted_only(linked: AnalysedPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "MAX_PAIRS", 0)
    monkeypatch.setattr(flow_map, "MAX_PAIRS", 0)
    problem, plan = linked.planfile.problem, linked.planfile.plan
    assert flows_of(problem, plan, KEYS, linked.connections)[0].parts[0].over == "too many pairs of nodes to draw"
    assert map_of(problem, plan, KEYS, linked.connections) is None


def test_a_map_has_a_box_for_each_node_with_a_flow_and_labels_that_do_not_overlap(linked: AnalysedPlan) -> None:
    drawing = map_of(linked.planfile.problem, linked.planfile.plan, KEYS, linked.connections)
    assert drawing is not None
    boxes = [row for row in drawing.rows if not row.zone]
    assert {row.name for row in boxes} <= {item.node for item in linked.planfile.plan.placements}
    assert all(later.y - sooner.y >= flow_map.BOX_HEIGHT for sooner, later in itertools.pairwise(boxes))
    labels = sorted(arc.y for arc in drawing.arcs if arc.label)
    assert all(later - sooner >= flow_map.LINE for sooner, later in itertools.pairwise(labels))
    assert (drawing.nodes_more, drawing.arcs_more) == (0, 0)
    # Every arc ends left of the labels, every name fits into its box, and every label into the drawing.
    assert all(drawing.box <= arc.x < drawing.beside for arc in drawing.arcs)
    assert all(len(row.text) * flow_map.LETTER < drawing.box for row in boxes)
    assert all(drawing.beside + len(arc.label) * flow_map.LETTER < drawing.width for arc in drawing.arcs)
    assert all(arc.y < drawing.height for arc in drawing.arcs if arc.label)


def test_a_connection_is_late_where_there_is_none_or_it_takes_longer_than_allowed() -> None:
    assert is_late(UNCONNECTED, None)
    assert is_late(NodeConnection("link 4g", 8_001), 8_000)
    assert not is_late(NodeConnection("link 4g", 8_000), 8_000)
    assert not is_late(SAME_NODE, 0)
    assert shown_latency(1_500) == "1.5 ms"
