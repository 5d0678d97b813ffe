"""Memory of accelerators, disk and network, from the blueprint to refusals, edits, verification and both targets."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from rohe_iac.planning.model.json_codec import plan_to_json, problem_to_json
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.questions.what_if.apply import apply_edits
from rohe_iac.planning.questions.what_if.edit import parse_edits
from rohe_iac.planning.questions.why_not.why_not import why_not
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify
from rohe_iac.usecases.plans.plan import make_plan

GI = 2**30
DOCUMENTS = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: counting}
spec:
  services:
    - name: count
      image: example/count:1
      command: [count]
      replicas: 3
      requests: {cpu: 500m, memory: {rss: 1Gi}, REQUEST}
      limits: {LIMITS}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: depot}
spec:
  deviceTypes:
    server:
      cpu: 8
      memory: {rss: 32Gi}
      accelerators: {GPU0: {type: gpu, memory: 16Gi}, GPU1: {type: gpu, memory: 8Gi}}
      disk: 12Gi
      network: 100Mbps
  nodes:
    - name: server-1
      deviceType: server
      used: {disk: 3Gi, network: 15Mbps, accelerators: {GPU1: {share: 20%, memory: 4Gi}}}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: counting}
spec: {pipelines: [counting], inventory: depot, target: TARGET, planner: {strategy: STRATEGY}}
"""
CASES = {
    "gpu": ("accelerators: {gpu: {share: 40%, memory: 6Gi}}", "accelerators: gpu memory: 6Gi asked, 4Gi free on GPU1"),
    "disk": ("disk: 4Gi", "disk: needs 4Gi, only 1Gi is free"),
    "network": ("network: 40Mbps", "network: needs 40Mbps, only 5Mbps is free"),
}
"""What each replica asks for, of which the node holds two, and the refusal of the third."""

EDITS = {
    "gpu": ("node/server-1.GPU1.memory=10Gi", "service/count.gpu.memory=4Gi"),
    "disk": ("node/server-1.disk=15Gi", "service/count.disk=3Gi"),
    "network": ("node/server-1.network=135Mbps", "service/count.network=28Mbps"),
}
"""Edits with which all three replicas fit."""


def planfile_of(
    folder: Path, request: str, target: str = "{local: {}}", limits: str = "cpu: 1", strategy: str = "portfolio"
) -> Any:
    (folder / "rohe.yaml").write_text("project: counting\n")
    words = {"REQUEST": request, "TARGET": target, "LIMITS": limits, "STRATEGY": strategy}
    text = DOCUMENTS
    for word, value in words.items():
        text = text.replace(word, value)
    (folder / "all.yaml").write_text(text)
    return make_plan(folder).planfile


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("strategy", ["portfolio", "best-fit", "worst-fit", "dot-product", "fragmentation"])
def test_no_more_is_given_out_than_there_is(tmp_path: Path, case: str, strategy: str) -> None:
    request, words = CASES[case]
    found = planfile_of(tmp_path, request, strategy=strategy)
    assert [item.index for item in found.plan.placements] == [0, 1]
    (left,) = found.plan.unplaced
    assert [item.missing for item in left.closest] == [words]
    assert verify(found.problem, found.plan) == ()


@pytest.mark.parametrize("case", CASES)
def test_the_solver_gives_out_as_much(tmp_path: Path, case: str) -> None:
    pytest.importorskip("ortools")
    found = planfile_of(tmp_path, CASES[case][0], strategy="exact")
    assert (len(found.plan.placements), len(found.plan.unplaced)) == (2, 1)
    assert verify(found.problem, found.plan) == ()


@pytest.mark.parametrize("case", CASES)
def test_edits_of_the_node_and_of_the_service_make_room(tmp_path: Path, case: str) -> None:
    problem = planfile_of(tmp_path, CASES[case][0]).problem
    for edit in EDITS[case]:
        assert not plan(apply_edits(problem, parse_edits(edit))).unplaced, edit


@pytest.mark.parametrize("case", CASES)
def test_why_not_suggests_more_of_what_is_missing(tmp_path: Path, case: str) -> None:
    found = planfile_of(tmp_path, CASES[case][0])
    (answer,) = why_not(found.problem, found.plan, "count", "server-1")
    edits = [fix.what_if for fix in answer.fixes]
    wanted = {"gpu": ".memory=", "disk": ".disk=", "network": ".network="}[case]
    assert any(wanted in edit for edit in edits), edits


def _third_replica(decided: Plan, **changes: Any) -> Plan:
    """The plan with one replica more, on the same devices as the second."""
    last = decided.placements[-1]
    more = msgspec.structs.replace(last, replica=f"{last.replica[:-1]}2", instance="count-2", index=2, **changes)
    return dataclasses.replace(decided, placements=(*decided.placements, more), unplaced=())


@pytest.mark.parametrize(("case", "words"), [("disk", "of 12884901888"), ("network", "of 100000000")])
def test_a_plan_that_gives_out_more_does_not_verify(tmp_path: Path, case: str, words: str) -> None:
    found = planfile_of(tmp_path, CASES[case][0])
    faults = verify(found.problem, _third_replica(found.plan))
    assert any(fault.rule == case and words in fault.message for fault in faults), faults


def test_a_plan_with_other_memory_of_devices_does_not_verify(tmp_path: Path) -> None:
    found = planfile_of(tmp_path, CASES["gpu"][0])
    (use,) = found.plan.placements[0].devices
    assert (use.amount, use.memory) == (4000, 6 * GI)
    less = _with_use(found.plan, msgspec.structs.replace(use, memory=0))
    moved = _with_use(found.plan, msgspec.structs.replace(use, device="GPU1"))
    for altered, words in ((less, "0 bytes of memory of GPU0"), (moved, "GPU1: 10737418240 of 8589934592 bytes")):
        faults = verify(found.problem, altered)
        assert any(words in fault.message for fault in faults), faults


def _with_use(decided: Plan, use: Any) -> Plan:
    first = msgspec.structs.replace(decided.placements[0], devices=(use,))
    return dataclasses.replace(decided, placements=(first, *decided.placements[1:]))


def test_a_cluster_gets_resources_and_an_annotation(tmp_path: Path) -> None:
    request = "disk: 2Gi, network: 20Mbps, accelerators: {gpu: {share: 40%, memory: 6Gi}}"
    found = planfile_of(tmp_path, request, "{manifests: {directory: out}}", "disk: 3Gi")
    text = next(item.text for item in found.manifests if item.kind == "Deployment")
    pod = yaml.safe_load(text)["spec"]["template"]
    assert pod["metadata"]["annotations"] == {"rohe.dev/network": "20Mbps"}
    resources = pod["spec"]["containers"][0]["resources"]
    assert resources["requests"]["ephemeral-storage"] == "2Gi"
    assert resources["limits"]["ephemeral-storage"] == "3Gi"
    assert not [name for name in resources["requests"] if "/" in name]
    assert [item.about for item in found.advice] == ["device", "network"]


def test_this_machine_says_what_it_does_not_limit(tmp_path: Path) -> None:
    request = "disk: 2Gi, network: 20Mbps, accelerators: {gpu: {share: 40%, memory: 6Gi}}"
    found = planfile_of(tmp_path, request)
    text = next(item.text for item in found.manifests if item.kind == "Process")
    assert yaml.safe_load(text)["spec"]["unenforced"] == ["gpu memory", "disk", "network"]


def test_what_nobody_asks_for_is_left_out_of_saved_plans(tmp_path: Path) -> None:
    found = planfile_of(tmp_path, "accelerators: {gpu: {share: 40%}}")
    saved = plan_to_json(found.plan)["placements"][0]["devices"]
    assert [sorted(use) for use in saved] == [["amount", "device", "type"]]
    asked = problem_to_json(found.problem)["demands"][0]["resources"]
    assert not {"disk", "network"} & set(asked)
    assert "memory" not in asked["devices"][0]
