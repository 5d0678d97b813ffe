"""Devices of an imported Inventory: claims are made by the engine, and made anew for a replica on another device."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from lightkube import codecs
from lightkube.resources.resource_v1 import DeviceClass, ResourceSlice

from rohe_iac.trial_cluster.nodes import simulated_node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shop import Shop

pytestmark = pytest.mark.engine


@pytest.fixture
def node(shop: Shop) -> Iterator[str]:
    """A node with two devices, whose name has dots; it has the only nodes that the shop may use."""
    name, driver = f"{shop.namespace}.edge.example", f"{shop.namespace}.example.com"
    shop.cluster.add_nodes(simulated_node(name, labels={"shop": shop.namespace}))
    devices = [{"name": f"gpu-{index}", "attributes": {"index": {"int": index}}} for index in range(2)]
    pool = {"name": name, "generation": 1, "resourceSliceCount": 1}
    made: list[tuple[Any, str, dict[str, Any]]] = [
        (ResourceSlice, name, {"driver": driver, "nodeName": name, "pool": pool, "devices": devices}),
        (DeviceClass, driver, {"selectors": [{"cel": {"expression": f'device.driver == "{driver}"'}}]}),
    ]
    for kind, named, spec in made:
        head = {"apiVersion": "resource.k8s.io/v1", "kind": kind.__name__, "metadata": {"name": named}}
        shop.cluster.client.create(codecs.from_dict({**head, "spec": spec}))
    yield name
    for kind, named, _ in made:
        shop.cluster.client.delete(kind, named)


def allocated(shop: Shop) -> dict[str, str]:
    """Returns the device of each claim."""
    found = {}
    for claim in shop.cluster.objects("resourceclaims", shop.namespace):
        results = claim.get("status", {}).get("allocation", {}).get("devices", {}).get("results", [])
        found[claim["metadata"]["name"]] = ",".join(result["device"] for result in results)
    return found


def test_a_replica_that_gets_another_device_gets_another_claim_and_nothing_is_left(shop: Shop, node: str) -> None:
    file = shop.root / "blueprints" / "all.yaml"
    documents = {item["kind"]: item for item in yaml.safe_load_all(file.read_text())}
    del documents["Inventory"]
    (service, *_), spec = documents["Pipeline"]["spec"]["services"], documents["Pipeline"]["spec"]
    kind = shop.namespace
    service |= {"replicas": 1, "requests": {"accelerators": {kind: {"count": 1}}}}
    spec |= {"services": [service], "flow": []}
    file.write_text(yaml.safe_dump_all(documents.values()))
    inventory = Path("blueprints/edge.yaml")
    shop.run("import", "cluster", "--selector", f"shop={shop.namespace}", "--out", str(inventory))
    shop.run("apply", "--yes")
    assert shop.cluster.until(lambda: [*allocated(shop).values()] == ["gpu-0"])
    (before,) = allocated(shop)

    written = yaml.safe_load((shop.root / inventory).read_text())
    assert [item["name"] for item in written["spec"]["nodes"]] == [node]
    written["spec"]["nodes"][0]["used"] = {"accelerators": {"gpu-0": "100%"}}
    (shop.root / inventory).write_text(yaml.safe_dump(written))
    shop.run("apply", "--yes", "--allow-interruption")
    assert shop.cluster.until(lambda: [*allocated(shop).values()] == ["gpu-1"]), allocated(shop)
    assert before not in allocated(shop)
    shop.run("destroy", "--yes")
    assert not shop.exists()
