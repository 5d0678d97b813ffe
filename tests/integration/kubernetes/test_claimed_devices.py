"""Claims about the devices that a real scheduler allocates: they are those that the plan names."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from lightkube import codecs
from lightkube.resources.core_v1 import Pod
from lightkube.resources.resource_v1 import DeviceClass, ResourceClaim, ResourceSlice
from shared_cluster import Cluster

from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.trial_cluster.nodes import simulated_node
from rohe_iac.usecases.plans.plan import make_plan
from rohe_iac.usecases.plans.verify import check_file


class Fleet:
    """A drawn inventory, the nodes and slices that are its cluster, and services to place on it."""

    def __init__(self, seed: int, name: str) -> None:
        self.draw = random.Random(seed)
        self.name = name
        self.driver = f"{name}.example.com"
        self.attribute = self.draw.choice(["uuid", f"{self.driver}/uuid"])
        self.nodes: list[dict[str, Any]] = []
        self.slices: list[dict[str, Any]] = []
        self.inventory: list[dict[str, Any]] = []
        self.real: dict[tuple[str, str], str] = {}
        for number in range(self.draw.randint(1, 3)):
            self._add_node(f"{self.name}-{number}")

    def _add_node(self, node: str) -> None:
        accelerators: dict[str, Any] = {}
        devices = [{"name": "without-attribute"}, {"name": "of-another-value", "attributes": {"uuid": {"string": "?"}}}]
        for entry in self.draw.sample(["GPU", "A100", "npu"], self.draw.randint(1, 3)):
            count = self.draw.randint(1, 3)
            names = [entry] if count == 1 else [f"{entry}-{index}" for index in range(count)]
            values: list[Any] = self.draw.choice(
                [names, [f"{node}-{name}" for name in names], [f'"{name}\\' for name in names]]
            )
            numbers = [7 * len(devices) + index for index in range(count)]
            values = self.draw.choice([values, numbers])
            given = {} if values is names else {"values": values}
            known = {"deviceClass": self.driver, "attribute": self.attribute, **given}
            accelerators[entry] = {"type": self.draw.choice(["gpu", "npu"]), "count": count, "kubernetes": known}
            for name, value in zip(names, values, strict=True):
                self.real[node, name] = f"dev-{len(devices)}"
                kind = "int" if isinstance(value, int) else "string"
                devices.append({"name": f"dev-{len(devices)}", "attributes": {"uuid": {kind: value}}})
        accelerators["PLUG"] = {"type": "tpu", "count": 2, "kubernetes": {"extendedResource": "example.com/tpu"}}
        self.draw.shuffle(devices)
        self.nodes.append(simulated_node(node, resources={"example.com/tpu": "2"}))
        self.inventory.append({"name": node, "cpu": 8, "memory": {"rss": "32Gi"}, "accelerators": accelerators})
        pool = {"name": node, "generation": 1, "resourceSliceCount": 1}
        self.slices.append(
            {
                "apiVersion": "resource.k8s.io/v1",
                "kind": "ResourceSlice",
                "metadata": {"name": f"{node}-slice"},
                "spec": {"driver": self.driver, "nodeName": node, "pool": pool, "devices": devices},
            }
        )

    def device_class(self) -> dict[str, Any]:
        expression = f'device.driver == "{self.driver}"'
        return {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "DeviceClass",
            "metadata": {"name": self.driver},
            "spec": {"selectors": [{"cel": {"expression": expression}}]},
        }

    def write(self, folder: Path) -> None:
        services = []
        for number in range(self.draw.randint(2, 5)):
            kinds = self.draw.sample(["gpu", "npu", "tpu"], self.draw.randint(1, 2))
            measures = [{"count": 1}, {"count": 2}, {"share": "30%"}, {"share": "100%"}]
            requests = {kind: self.draw.choice(measures) for kind in kinds}
            services.append(
                {
                    "name": f"s{number}",
                    "image": "registry.example/s:1",
                    "replicas": self.draw.randint(1, 3),
                    "requests": {"cpu": "100m", "accelerators": requests},
                }
            )
        target = {"kubernetes": {"namespace": self.name}}
        specs = {
            "Stack": {"pipelines": [self.name], "inventory": self.name, "target": target},
            "Pipeline": {"services": services},
            "Inventory": {"nodes": self.inventory},
        }
        documents = [
            {"apiVersion": "rohe.dev/v1", "kind": kind, "metadata": {"name": self.name}, "spec": spec}
            for kind, spec in specs.items()
        ]
        (folder / "rohe.yaml").write_text("project: devices\n")
        (folder / "blueprint.yaml").write_text(yaml.safe_dump_all(documents))


@pytest.fixture
def fleet(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Fleet]:
    drawn = Fleet(request.param, cluster.namespace(create=False))
    cluster.add_nodes(*drawn.nodes)
    for document in (*drawn.slices, drawn.device_class()):
        cluster.client.create(codecs.from_dict(document))
    yield drawn
    for item in drawn.slices:
        cluster.client.delete(ResourceSlice, item["metadata"]["name"])
    cluster.client.delete(DeviceClass, drawn.driver)


def applied(cluster: Cluster, planfile: PlanFile) -> list[Any]:
    """Applies what the scheduler has to know of, and returns the pods once each has a node."""
    kinds = ["Namespace", "ServiceAccount", "ResourceClaim", "Deployment"]
    wanted = [manifest for manifest in planfile.manifests if manifest.kind in kinds]
    for manifest in sorted(wanted, key=lambda manifest: kinds.index(manifest.kind)):
        cluster.client.apply(codecs.from_dict(yaml.safe_load(manifest.text)), field_manager="rohe")
    namespace, number = planfile.stack, len(planfile.plan.placements)

    def pods() -> list[Any]:
        return [pod for pod in cluster.client.list(Pod, namespace=namespace) if pod.spec and pod.spec.nodeName]

    assert cluster.until(lambda: len(pods()) == number), cluster.kubectl("describe", "pods", "-n", namespace).stdout
    return pods()


@pytest.mark.parametrize("fleet", range(10), indirect=True)
def test_every_claim_is_allocated_on_the_device_that_the_plan_names(
    fleet: Fleet, cluster: Cluster, tmp_path: Path
) -> None:
    fleet.write(tmp_path)
    planfile = make_plan(tmp_path).planfile
    assert check_file(planfile, tmp_path).faults == ()
    placed = planfile.plan.placements
    pods = applied(cluster, planfile)
    assert sorted(pod.spec.nodeName for pod in pods) == sorted(item.node for item in placed)
    claims = {claim.metadata.name: claim for claim in cluster.client.list(ResourceClaim, namespace=planfile.stack)}
    names = {
        manifest.address: yaml.safe_load(manifest.text)["metadata"]["name"]
        for manifest in planfile.manifests
        if manifest.kind == "ResourceClaim"
    }
    assert sorted(names.values()) == sorted(claims)
    for item in placed:
        wanted = {(item.node, fleet.real[item.node, use.device]) for use in item.devices if use.type != "tpu"}
        allocation = claims[names[item.replica]].status.allocation if wanted else None
        given = {(result.pool, result.device) for result in allocation.devices.results} if allocation else set()
        assert given == wanted


def test_drawn_fleets_have_replicas_with_claims_beside_each_other(tmp_path: Path) -> None:
    together = 0
    for seed in range(10):
        folder = tmp_path / str(seed)
        folder.mkdir()
        Fleet(seed, "drawn").write(folder)
        placed = make_plan(folder).planfile.plan.placements
        claiming = Counter(item.node for item in placed if any(use.type != "tpu" for use in item.devices))
        together += max(claiming.values(), default=0) > 1
    assert together >= 5
