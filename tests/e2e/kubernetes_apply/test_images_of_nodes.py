"""Which images the nodes of a cluster have, by the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shop import Shop

pytestmark = pytest.mark.engine


def test_images_are_listed_with_what_each_node_says_it_has(shop: Shop) -> None:
    assert not shop.exists()
    first, second = shop.nodes
    shop.cluster.kubectl(
        *("patch", "node", first, "--subresource", "status", "--type", "merge", "-p"),
        json.dumps({"status": {"images": [{"names": ["registry.example/back:1"], "sizeBytes": 9}]}}),
    )
    value = json.loads(shop.run("images", "-o", "json").stdout)
    found = {(node["node"], item["image"]): item["present"] for node in value["nodes"] for item in node["images"]}
    expected = {
        (first, "registry.example/back:1"): "yes",
        (first, "registry.example/front:1"): "no",
        (second, "registry.example/back:1"): "unknown",
        (second, "registry.example/front:1"): "unknown",
    }
    assert found
    assert found == {key: expected[key] for key in found}
    assert value["unasked"] == ""
    assert not shop.exists()

    silent = str(shop.cluster.kubeconfig_with(server="https://127.0.0.1:9"))
    done = shop.run("images", KUBECONFIG=silent)
    assert "registry.example/back:1" in done.stdout
    assert "does not answer" in done.stderr
