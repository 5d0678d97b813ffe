"""Which services a volume of their pipeline binds to one node."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.loading import check, load
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.from_blueprint.shared_volumes import with_shared_volumes
from rohe_iac.planning.questions.why_not.why_not import why_not
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

DOCUMENTS = """\
apiVersion: rohe.dev/v1
kind: Stack
metadata: {{name: shop}}
spec: {{pipelines: [shop], inventory: lab, target: {{kubernetes: {{}}}}, planner: {{objective: [placed, balance]}}}}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {{name: shop}}
spec:
  volumes: [{{name: models, size: 1Gi, accessMode: {mode}}}]
  services:
    - {{name: a, image: a, replicas: 2, requests: {{cpu: 1}}, volumes: [{{name: models, path: /m}}]}}
    - {{name: b, image: b, requests: {{cpu: 1}}, volumes: [{{name: models, path: /m}}]}}
    - {{name: c, image: c, requests: {{cpu: 1}}}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {{name: lab}}
spec:
  nodes:
    - {{name: n1, cpu: 4, memory: {{rss: 1Gi}}}}
    - {{name: n2, cpu: 2, memory: {{rss: 1Gi}}}}
    - {{name: n3, cpu: 2, memory: {{rss: 1Gi}}}}
"""


PER_NODE = DOCUMENTS.replace("replicas: 2", "replicas: perNode")


@pytest.mark.parametrize(
    ("mode", "nodes", "rules"), [("ReadWriteOnce", 1, 2), ("ReadWriteMany", None, 0), ("ReadOnlyMany", None, 0)]
)
def test_one_node_at_a_time_binds_all_that_mount(tmp_path: Path, mode: str, nodes: int | None, rules: int) -> None:
    (tmp_path / "rohe.yaml").touch()
    text = DOCUMENTS.format(mode=mode)
    (tmp_path / "shop.yaml").write_text(text.replace("/m}", "/m, readOnly: true}") if mode == "ReadOnlyMany" else text)
    blueprint = load(tmp_path)
    problem = problem_of(blueprint)
    assert sum(len(demand.near) for demand in problem.demands) == rules
    assert with_shared_volumes(problem.demands, blueprint) == problem.demands
    found = plan(problem)
    assert len(found.placements) == 4
    used = {item.node for item in found.placements if item.service in "ab"}
    assert len(used) == nodes if nodes else len(used) > 1
    assert not verify(problem, found)


def test_a_replica_that_a_volume_keeps_off_a_node_is_explained_by_the_volume(tmp_path: Path) -> None:
    (tmp_path / "rohe.yaml").touch()
    (tmp_path / "shop.yaml").write_text(PER_NODE.format(mode="ReadWriteOnce"))
    assert [(item.code, item.message) for item in check([tmp_path]).diagnostics] == [
        ("R214", "one node at a time can mount the volume 'models' (ReadWriteOnce), so one node alone gets a replica")
    ]
    problem = problem_of(load(tmp_path))
    found = plan(problem)
    words = "near: the volume models (ReadWriteOnce) is mounted on another node"
    mounted = {item.node for item in found.placements if item.service == "a"}
    nearest = [item.nearest for item in found.unplaced]
    assert [(near.node in mounted, near.missing) for near in nearest if near] == [(False, words)] * 2
    assert not verify(problem, found)
    free = next(name for name in ("n1", "n2") if name not in mounted)
    (answer,) = why_not(problem, found, "a", free)
    assert answer.missing == words
    assert "accessMode: ReadWriteMany" in answer.no_fix
    (tmp_path / "shop.yaml").write_text(PER_NODE.format(mode="ReadWriteMany"))
    assert not check([tmp_path]).diagnostics
    assert not plan(problem_of(load(tmp_path))).unplaced


def test_a_service_that_shares_a_volume_with_itself_alone_gets_no_edit_of_a_field_it_does_not_have(
    tmp_path: Path,
) -> None:
    (tmp_path / "rohe.yaml").touch()
    text = PER_NODE.format(mode="ReadWriteOnce")
    b = "    - {name: b, image: b, requests: {cpu: 1}, volumes: [{name: models, path: /m}]}\n"
    assert b in text
    (tmp_path / "shop.yaml").write_text(text.replace(b, ""))
    problem = problem_of(load(tmp_path))
    found = plan(problem)
    (used,) = {item.node for item in found.placements if item.service == "a"}
    (answer,) = why_not(problem, found, "a", "n3" if used != "n3" else "n1")
    assert not answer.fixes
    assert "the volume models" in answer.no_fix
