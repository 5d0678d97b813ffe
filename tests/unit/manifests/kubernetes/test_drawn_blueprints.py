"""Manifests of drawn blueprints keep the schemas of every version, repeat no default, and name no object twice."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster_schemas import schema_faults
from drawing import generator

from rohe_iac.usecases.plans.plan import make_plan

NUMBER = 6
"""How many blueprints are drawn."""


def maybe(draw: random.Random, **fields: Any) -> dict[str, Any]:
    """About half of the fields."""
    return {name: value for name, value in fields.items() if draw.random() < 0.5}


def drawn_probe(draw: random.Random, port: str) -> dict[str, Any]:
    way = draw.choice([{"http": {"path": "/ok", "port": port}}, {"tcp": port}, {"grpc": port}, {"exec": ["cat", "/a"]}])
    times = {"initialDelay": "1s", "period": draw.choice(["1s", "10s"]), "timeout": "1500ms", "failureThreshold": 4}
    return {**way, **maybe(draw, **times)}


def drawn_service(draw: random.Random, name: str) -> dict[str, Any]:
    names = draw.sample(["http", "rpc", "prometheus-metrics", "9000", "a--b"], draw.randint(1, 3))
    ports = [{"name": port, **maybe(draw, containerPort=7000 + index)} for index, port in enumerate(names)]
    health = maybe(draw, readiness=drawn_probe(draw, names[0]), liveness=drawn_probe(draw, names[0]), startup="90s")
    context = maybe(
        draw,
        runAsUser=draw.choice([0, 1000]),
        privileged=draw.random() < 0.5,
        capabilities={"add": [draw.choice(["SYS_ADMIN", "NET_RAW"])]},
        seccompProfile="Unconfined",
        readOnlyRootFilesystem=True,
    )
    requests = maybe(draw, cpu=f"{draw.randint(1, 900)}m", memory={"rss": draw.randint(2**20, 2**28)}, disk="1G")
    return {
        "name": name,
        "image": f"example/{name}:1",
        "ports": ports,
        "health": health,
        "kubernetes": maybe(draw, securityContext=context, egress=["10.0.0.0/8"], ingress=["0.0.0.0/0"]),
        **maybe(
            draw,
            requests=requests,
            replicas=draw.randint(1, 3),
            priority=draw.randint(-(10**9), 10**9),
            env={
                "A": draw.choice(["", "$(B)", "{{ 7 }}", "null", "é\u2028"]),
                "S": {"secret": {"name": "s", "key": "k"}},
            },
            args=["{port}", draw.choice(["- x", "yes", "a: b"])],
            volumes=[
                {"path": "/v", "name": "rohe", "size": draw.randint(2**20, 2**34)},
                {"path": "/e", "emptyDir": "1M"},
            ],
            files=[{"path": "/etc/x", "from": "rohe.yaml"}],
            terminationGracePeriod=draw.choice(["0s", "90s", "1500ms"]),
            balancing=draw.choice(["random", "leastBusy"]),
            reserve={"update": 1},
            reports={"fields": ["x"]},
            ensemble={"members": [{"name": "a"}, {"name": "b"}]},
        ),
    }


def write_drawn(folder: Path, draw: random.Random) -> Path:
    names = draw.sample(["web", "3d-map", "web-a", "x" * 60, "rohe"], draw.randint(2, 4))
    flow = [{"from": first, "to": second} for first, second in itertools.pairwise(names)]
    services = [drawn_service(draw, name) for name in names]
    head = {"apiVersion": "rohe.dev/v1", "metadata": {"name": "drawn"}}
    nodes = [{"name": f"n-{index}", "cpu": 64, "memory": {"rss": "64Gi"}} for index in range(3)]
    target = {"kubernetes": {"namespace": draw.choice(["default", "n"])}}
    documents = [
        {**head, "kind": "Pipeline", "spec": {"services": services, "flow": flow}},
        {**head, "kind": "Inventory", "spec": {"nodes": nodes}},
        {**head, "kind": "Stack", "spec": {"pipelines": ["drawn"], "inventory": "drawn", "target": target}},
    ]
    (folder / "rohe.yaml").write_text("project: drawn\n")
    (folder / "all.yaml").write_text(yaml.safe_dump_all(documents))
    return folder


def empty_places(value: Any, path: str = "") -> Iterator[str]:
    """Where a document has null, or a list or mapping that is empty; an emptyDir is one by its nature."""
    if value is None or (value in ([], {}) and not path.endswith(".emptyDir")):
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from empty_places(inner, f"{path}.{key}")


@pytest.mark.parametrize("number", range(NUMBER))
def test_manifests_of_a_drawn_blueprint_are_right(tmp_path: Path, number: int) -> None:
    planfile = make_plan(write_drawn(tmp_path, generator(f"manifests {number}"))).planfile
    assert planfile.plan.unplaced == ()
    manifests = [manifest for manifest in planfile.manifests if manifest.rendered]
    assert [fault for manifest in manifests for fault in schema_faults(manifest)] == []
    documents = [yaml.safe_load(manifest.text) for manifest in manifests]
    assert [place for document in documents for place in empty_places(document, document["metadata"]["name"])] == []
    names = [(document["kind"], document["metadata"]["name"]) for document in documents]
    assert len(names) == len(set(names))
    assert {document["metadata"]["name"] for document in documents if document["kind"] == "Deployment"} == {
        placement.instance for placement in planfile.plan.placements
    }
