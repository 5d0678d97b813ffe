"""Claims about the pairs of replicas that a page draws of a flow within domains."""

from __future__ import annotations

from pathlib import Path

from local_flow import write_site

from rohe_iac.cli.views.page import flow, flow_map
from rohe_iac.cli.views.page.flow import flows_of
from rohe_iac.cli.views.page.flow_map import map_of
from rohe_iac.cli.views.page.flow_pairs import pairs_of
from rohe_iac.cli.views.page.keys import WorkloadKeys
from rohe_iac.cli.views.plans.node_usage import nodes_by_workload
from rohe_iac.usecases.plans.analysis import AnalysedPlan
from rohe_iac.usecases.plans.plan import make_plan

KEYS = WorkloadKeys(())


def test_a_local_flow_is_drawn_within_its_domains_alone(tmp_path: Path) -> None:
    analysed = AnalysedPlan(make_plan(write_site(tmp_path)).planfile)
    problem, plan = analysed.planfile.problem, analysed.planfile.plan
    local = next(edge for edge in problem.edges if edge.within)
    nodes = nodes_by_workload(problem, plan)
    pairs = pairs_of(problem, local, nodes)
    assert {source[0] == sink[0] for source, sink, _ in pairs.between()} == {True}
    assert pairs.replicas == sum(
        nodes[local.source][source] * nodes[local.sink][sink]
        for source in nodes[local.source]
        for sink in nodes[local.sink]
        if source[0] == sink[0]
    )
    shown = next(item for item in flows_of(problem, plan, KEYS, analysed.connections) if "camera" in item.source)
    assert shown.asks == "20 Mbps, within one zone"
    assert {part.over for part in shown.parts} <= {"same node", "same zone"}
    drawing = map_of(problem, plan, KEYS, analysed.connections)
    assert drawing is not None
    assert not [arc for arc in drawing.arcs if "camera" in arc.title and "backhaul" in arc.label]


def test_pairs_of_a_large_fleet_are_those_of_its_nodes(tmp_path: Path) -> None:
    assert flow.MAX_PAIRS == flow_map.MAX_PAIRS
    planfile = make_plan(write_site(tmp_path, within="node")).planfile
    local = next(edge for edge in planfile.problem.edges if edge.within)
    pairs = pairs_of(planfile.problem, local, nodes_by_workload(planfile.problem, planfile.plan))
    assert {source == sink for source, sink, _ in pairs.between()} == {True}
