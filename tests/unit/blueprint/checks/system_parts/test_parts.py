"""Where agents, the store and the broker go: rules are kept on every target, and what no node meets is told."""

from pathlib import Path

import pytest
import yaml

from rohe_iac.blueprint.checks.system_parts.parts import TAINTED
from rohe_iac.blueprint.linked.workload import agent_placement
from rohe_iac.blueprint.loading import check, load
from rohe_iac.manifests.by_target import manifests_of
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

STACK = """\
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: city}
spec:
  pipelines: [buses]
  inventory: depot
"""

REST = """\
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: buses}
spec:
  services:
    - name: camera
      image: registry.example/camera:1.0
      command: [sleep, "1000"]
      requests: {cpu: 200m, memory: {rss: 64Mi}}
      placement: {nodeSelector: {zone: b}, tolerations: [{key: edge, operator: Exists}]}
      reports: {}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: depot}
spec:
  nodes:
    - {name: bus-1, cpu: 1, memory: {rss: 1Gi}, arch: arm64, labels: {zone: a, disk: ssd}, taints: [{key: edge}]}
    - {name: bus-2, cpu: 1, memory: {rss: 1Gi}, arch: amd64, labels: {zone: b}, taints: [{key: edge}]}
    - {name: bus-3, cpu: 1, memory: {rss: 1Gi}, arch: amd64, labels: {zone: c}, taints: [{key: edge}]}
"""

TOLERATE = "tolerations: [{key: edge, operator: Exists}]"


def written(folder: Path, spec: str) -> Path:
    (folder / "rohe.yaml").touch()
    (folder / "city.yaml").write_text(STACK + spec + REST)
    return folder


def messages(folder: Path, spec: str) -> list[str]:
    return [f"{found.code}: {found.message}; {found.hint}" for found in check([written(folder, spec)]).diagnostics]


def test_where_all_nodes_are_tainted_the_field_to_set_is_named(tmp_path):
    found = messages(tmp_path, "")
    assert found == [
        f"R303: no node has all that {who} of the stack asks for: 3 are {TAINTED}edge; add {hint}"
        for who, hint in (
            ("an agent", "agents: {placement: {tolerations: [{key: edge, operator: Exists}]}}"),
            ("the broker", "broker: {embedded: {placement: {tolerations: [{key: edge, operator: Exists}]}}}"),
        )
    ]
    # Doing what the hints say leaves no fault.
    hints = [line.rpartition("; add ")[2] for line in found]
    assert messages(tmp_path, "".join(f"  {hint}\n" for hint in hints)) == []
    problem = problem_of(load(tmp_path))
    assert plan(problem).unplaced == ()


@pytest.mark.parametrize(
    ("agents", "broker", "store", "expected"),
    [
        ("nodeSelector: {zone: a}", "nodeSelector: {zone: c}", "", ("bus-1", "bus-3")),
        ("near: [{service: camera}]", "avoid: [{service: camera}], nodeSelector: {zone: a}", "", ("bus-2", "bus-1")),
        (
            "near: [{service: 'buses:camera', topologyKey: zone}]",
            "prefer: [{nodeSelector: {zone: c}}]",
            "",
            ("bus-2", "bus-3"),
        ),
        (
            "prefer: [{nodeSelector: {zone: c}}]",
            "nodeSelector: {zone: b}",
            "nodeSelector: {disk: ssd}",
            ("bus-1", "bus-2"),
        ),
    ],
)
def test_rules_decide_where_parts_go(tmp_path, agents, broker, store, expected):
    spec = f"  agents: {{placement: {{{agents}, {TOLERATE}}}}}\n"
    spec += f"  broker: {{embedded: {{placement: {{{broker}, {TOLERATE}}}}}}}\n"
    spec += f"  store: {{placement: {{{store}}}}}\n" if store else ""
    assert messages(tmp_path, spec) == []
    problem = problem_of(load(tmp_path))
    found = plan(problem)
    assert verify(problem, found) == ()
    nodes = {item.replica.partition("/")[0]: item.node for item in found.placements}
    assert (nodes["agent"], nodes["broker"]) == expected


def test_the_architecture_of_a_part_decides(tmp_path):
    spec = f"  agents: {{arch: [arm64], placement: {{{TOLERATE}}}}}\n"
    spec += f"  broker: {{embedded: {{arch: [arm64], placement: {{{TOLERATE}}}}}}}\n"
    assert messages(tmp_path, spec) == []
    nodes = {item.replica: item.node for item in plan(problem_of(load(tmp_path))).placements if item.system}
    assert nodes == {"agent/buses/0": "bus-1", "broker/broker/0": "bus-1"}


def test_a_cluster_gets_the_tolerations_and_the_node(tmp_path):
    spec = f"  target: {{kubernetes: {{namespace: city}}}}\n  agents: {{placement: {{{TOLERATE}}}}}\n"
    spec += f"  broker: {{embedded: {{placement: {{{TOLERATE}}}}}}}\n"
    blueprint = load(written(tmp_path, spec))
    found = plan(problem_of(blueprint))
    pods = {}
    for manifest in manifests_of(blueprint, found):
        if manifest.kind == "Deployment":
            pods[manifest.address] = yaml.safe_load(manifest.text)["spec"]["template"]["spec"]
    assert set(pods) == {"agent/buses/0", "broker/broker/0", "replica/buses:camera/0"}
    for pod in pods.values():
        assert {"key": "edge", "operator": "Exists"} in pod["tolerations"]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            "agents: {placement: {near: [{service: camra}], TOLERATE}}",
            "R205: no service 'camra'; did you mean 'camera'?",
        ),
        (
            "agents: {placement: {nodeSelector: {zone: x}, TOLERATE}}",
            "R303: no node has the label zone: x; values of 'zone': a, b, c",
        ),
        (
            "agents: {arch: [riscv64], placement: {TOLERATE}}",
            "R303: no node is of architecture riscv64; architectures of the inventory: amd64, arm64",
        ),
        (
            "broker: {embedded: {placement: {spread: [{topologyKey: zoen}], TOLERATE}}}",
            "R303: no node has a label 'zoen'; did you mean 'zone'?",
        ),
        (
            "store: {placement: {nodeSelector: {disk: hdd}}}",
            "R303: no node has the label disk: hdd; values of 'disk': ssd",
        ),
        (
            "agents: {placement: {nodeSelector: {zone: a}, TOLERATE}}\n  store: {placement: {nodeSelector: {zone: b}}}",
            "R214: the store is a file of its agent, which asks for another zone; write it under agents alone",
        ),
        (
            "agents: {placement: {tolerations: [{key: edge, effect: NoExecute, tolerationSeconds: 5m}]}}",
            "R401: tolerationSeconds has no effect on the target local; "
            "leave it out: nodes of this machine always answer",
        ),
    ],
)
def test_what_cannot_be_is_told_at_its_place(tmp_path, spec, expected):
    assert expected in messages(tmp_path, "  " + spec.replace("TOLERATE", TOLERATE) + "\n")


def test_without_rules_of_the_store_those_of_agents_are_as_written(tmp_path):
    spec = load(written(tmp_path, f"  agents: {{placement: {{{TOLERATE}}}}}\n")).stack.spec
    assert agent_placement(spec) is spec.agents.placement
