"""The memory of user functions is part of an agent's limit in manifests, and `rohe verify` checks it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.usecases.plans.comparison.agent_limits import agent_limit_faults
from rohe_iac.usecases.plans.manifest_verification import manifest_faults
from rohe_iac.usecases.plans.plan import make_plan

DOCUMENTS = """
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: shop}
spec: {pipelines: [shop], inventory: lab, contracts: [promise], target: {TARGET: {}}, agents: {perPipeline: AGENTS}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: lab}
spec: {nodes: [{name: n1, cpu: 8, memory: {rss: 16Gi}}]}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: shop}
spec:
  load: 100/s
  services:
    - {name: camera, image: "shop/camera:1", command: [x], requests: {cpu: 10m, memory: {rss: 16Mi}}}
---
apiVersion: rohe.dev/v1
kind: ObservationContract
metadata: {name: promise}
spec:
  pipeline: shop
  processing: [{function: "mine.py:spread", window: {size: 100 reports}, memory: 160Mi}]
"""

LIMITS = {
    "local": (f"memory: {232 * 2**20}", f"memory: {128 * 2**20}"),
    "kubernetes": ("memory: 232Mi", "memory: 128Mi"),
}
"""The limit of the agent as a manifest has it, and a smaller one: 64Mi, 160Mi, and what reports take."""


def planned(folder: Path, target: str, agents: int = 1) -> PlanFile:
    (folder / "rohe.yaml").write_text("project: example\n")
    (folder / "mine.py").write_text("def spread(samples):\n    return {}\n")
    (folder / "blueprints").mkdir()
    documents = DOCUMENTS.replace("TARGET", target).replace("AGENTS", str(agents))
    (folder / "blueprints" / "all.yaml").write_text(documents)
    return make_plan(folder).planfile


@pytest.mark.parametrize("target", LIMITS)
def test_the_limit_of_an_agent_has_room_for_its_user_functions(tmp_path: Path, target: str) -> None:
    planfile = planned(tmp_path, target)
    [agent] = [item for item in planfile.manifests if item.address == "agent/shop/0" and "limits:" in item.text]
    written, smaller = LIMITS[target]
    assert written in agent.text
    assert list(manifest_faults(planfile)) == []
    altered = replace(agent, text=agent.text.replace(written, smaller))
    manifests = tuple(altered if item is agent else item for item in planfile.manifests)
    assert list(manifest_faults(replace(planfile, manifests=manifests))) == [
        f"manifest {agent.name}: the agent's limit is 128Mi, and it needs 64Mi and 160Mi for its user functions"
    ]


@pytest.mark.parametrize("target", LIMITS)
def test_an_agent_that_runs_no_function_needs_no_memory_for_them(tmp_path: Path, target: str) -> None:
    planfile = planned(tmp_path, target, agents=2)
    limited = [item.text for item in planfile.manifests if "limits:" in item.text and item.address.startswith("agent/")]
    written, smaller = LIMITS[target]
    assert sorted([written in text, smaller in text] for text in limited) == [[False, True], [True, False]]
    assert list(manifest_faults(planfile)) == []


@pytest.mark.parametrize("text", ["", "[]", "{", '{"agent": 1}', '{"agent": "a", "contracts": [{"processing": [3]}]}'])
def test_what_is_no_configuration_is_left_to_the_comparison_as_a_whole(text: str) -> None:
    spec = {"files": [3, {"name": "agent.json", "content": text}], "limits": {"memory": 1}, "template": []}
    assert list(agent_limit_faults({"process-a": {"spec": spec}, "b": {"spec": None}, "c": {}})) == []
