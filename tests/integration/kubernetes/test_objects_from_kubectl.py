"""Claims about what kubectl prints of a real API server: with the server's defaults, the same documents come of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from shared_cluster import Cluster

from rohe_iac.cli.main import run
from rohe_iac.trial_cluster.nodes import simulated_node

SHOP = Path(__file__).parents[2] / "unit" / "importing" / "kubernetes" / "shop.yaml"

KINDS = "deployments,statefulsets,services,configmaps,secrets,persistentvolumeclaims,ingresses"


def documents(text: str) -> dict[str, dict[str, Any]]:
    return {document["kind"]: document["spec"] for document in yaml.safe_load_all(text)}


def test_what_kubectl_prints_gives_the_documents_of_the_files(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space = cluster.namespace()
    name = f"edge-1.{space}"
    cluster.add_nodes(simulated_node(name, cpu="4", memory="8Gi", arch="arm64", resources={"nvidia.com/gpu": "2"}))
    objects = [item for item in yaml.safe_load_all(SHOP.read_text()) if item["kind"] != "Widget"]
    for item in objects:
        item["metadata"]["namespace"] = space
        if item["kind"] == "Service":
            item["spec"]["ports"] = [
                {key: value for key, value in port.items() if key != "nodePort"} for port in item["spec"]["ports"]
            ]
        if item["kind"] == "PersistentVolumeClaim":
            item["spec"]["storageClassName"] = "nfs"  # else the server adds the default class of the cluster
        if item["kind"] == "Ingress":
            item["spec"] = {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}
    written = tmp_path / "shop.yaml"
    written.write_text(yaml.safe_dump_all(objects))
    cluster.kubectl("apply", "-f", str(written))
    (tmp_path / "rohe.yaml").write_text("project: shop\n")
    (tmp_path / "live.yaml").write_text(cluster.kubectl("get", KINDS, "-n", space, "-o", "yaml").stdout)
    (tmp_path / "nodes.yaml").write_text(cluster.kubectl("get", "nodes", name, "-o", "yaml").stdout)

    def imported(*files: str) -> dict[str, dict[str, Any]]:
        code = run(["-C", str(tmp_path), "import", *files, "--name", "shop"])
        printed = capsys.readouterr()
        assert code == 0, printed.err
        return documents(printed.out)

    expected, found = imported("shop.yaml", "nodes.yaml"), imported("nodes.yaml", "live.yaml")

    def by_name(spec: dict[str, Any]) -> dict[str, Any]:
        return {service["name"]: {"replicas": 1, **service} for service in spec["services"]}

    assert by_name(found["Pipeline"]) == by_name(expected["Pipeline"])
    assert found["Pipeline"]["volumes"] == expected["Pipeline"]["volumes"]
    links = [{(link["from"], link["to"]) for link in spec["Pipeline"]["flow"]} for spec in (expected, found)]
    assert {frozenset(pair) for pair in links[0]} == {frozenset(pair) for pair in links[1]}
    (node,) = found["Inventory"]["nodes"]
    kind = found["Inventory"]["deviceTypes"][node["deviceType"]]
    assert (node["name"], kind["arch"], kind["cpu"], kind["accelerators"]["GPU"]["count"]) == (name, "arm64", 4, 2)
    out = run(
        ["-C", str(tmp_path), "import", "nodes.yaml", "live.yaml", "--name", "shop", "--out", "blueprints/s.yaml"]
    )
    assert out == 0
    assert (tmp_path / "files" / "shop" / "app" / "nginx.conf").is_file()
    assert run(["-C", str(tmp_path), "validate"]) == 0
