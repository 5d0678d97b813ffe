"""Claims about the order of a plan's objects: who is needed is ready first, and no circle waits for itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.observation import connected_pipelines
from rohe_iac.blueprint.linked.workload import workloads_of
from rohe_iac.blueprint.loading import load
from rohe_iac.manifests.by_target import manifests_of
from rohe_iac.manifests.kubernetes.need import Needs
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.solvers.planner import plan

BLUEPRINT = """\
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: desk}
spec:
  nodes:
  - {name: n1, cpu: "64", memory: {rss: 64Gi}}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: cams}
spec:
  services:
SERVICES
  flow: [FLOW]
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: desk}
spec:
  inventory: desk
  pipelines: [cams]
  TARGET
"""
TARGET = "target: {kubernetes: {namespace: cams}}"


def _blueprint(folder: Path, names: str, flow: str, target: str = TARGET, observed: bool = False) -> Blueprint:
    services = [
        f"  - {{name: {name}, image: 'test/{name}:1', requests: {{cpu: 100m, memory: {{rss: 16Mi}}}}"
        + (", reports: {}" if observed else "")
        + "}"
        for name in names.split()
    ]
    links = [f"{{from: {pair.split('>')[0]}, to: {pair.split('>')[1]}}}" for pair in flow.split()]
    text = BLUEPRINT.replace("SERVICES", "\n".join(services)).replace("FLOW", ", ".join(links))
    (folder / "all.yaml").write_text(text.replace("TARGET", target))
    return load(folder)


def _needs(blueprint: Blueprint) -> dict[str, tuple[str, ...]]:
    workloads = {workload.address: workload for workload in workloads_of(blueprint)}
    needs = Needs(blueprint, workloads, frozenset(connected_pipelines(blueprint)))
    return {address: needs.of(workload) for address, workload in workloads.items()}


def test_a_service_is_made_after_those_that_it_calls(tmp_path: Path) -> None:
    found = _needs(_blueprint(tmp_path, "camera detect track store", "camera>detect detect>track detect>store"))
    assert found == {
        "service/cams:camera": ("service/cams:detect",),
        "service/cams:detect": ("service/cams:store", "service/cams:track"),
        "service/cams:store": (),
        "service/cams:track": (),
    }


def test_agents_need_the_broker_and_services_both(tmp_path: Path) -> None:
    found = _needs(_blueprint(tmp_path, "camera detect", "camera>detect", observed=True))
    assert found["broker/broker"] == ()
    assert found["agent/cams"] == ("broker/broker",)
    assert found["service/cams:detect"] == ("agent/cams", "broker/broker")
    assert found["service/cams:camera"] == ("agent/cams", "broker/broker", "service/cams:detect")


def test_all_members_of_an_ensemble_are_ready_before_it_is_called(
    plan_example: Callable[[str], tuple[Blueprint, Plan]],
) -> None:
    found = _needs(plan_example("digits")[0])
    called = {address for address in found if address.count("/") == 2}
    assert len(called) > 1
    assert any(called < set(needs) for needs in found.values())


def test_needs_are_fields_of_the_deployments_alone(tmp_path: Path) -> None:
    blueprint = _blueprint(tmp_path, "camera detect", "camera>detect")
    for manifest in manifests_of(blueprint, plan(problem_of(blueprint))):
        wanted = ("service/cams:detect",) if manifest.workload == "service/cams:camera" else ()
        assert manifest.needs == wanted
        assert bool(manifest.workload) == (manifest.kind == "Deployment")


@pytest.mark.parametrize(
    ("target", "node", "written"),
    [("", "", None), (", unreachable: skip", "", "skip"), (", unreachable: skip", "fail", "fail"), ("", "wait", None)],
)
def test_what_a_silent_node_means_is_written_where_it_is_not_to_wait(
    tmp_path: Path, target: str, node: str, written: str | None
) -> None:
    blueprint = _blueprint(tmp_path, "camera", "", TARGET.replace("cams}", f"cams{target}}}"))
    if node:
        text = (tmp_path / "all.yaml").read_text().replace("name: n1,", f"name: n1, unreachable: {node},")
        (tmp_path / "all.yaml").write_text(text)
        blueprint = load(tmp_path)
    (text,) = (item.text for item in manifests_of(blueprint, plan(problem_of(blueprint))) if item.kind == "Deployment")
    assert ("rohe.dev/unreachable: " + written in text) if written else ("unreachable:" not in text)
