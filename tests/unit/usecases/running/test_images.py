"""Claims about the images of a stack, offline and asked of a target."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.deployment.ports import Destination, NodeImages
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.usecases.running.images import ImagesOfNode, images

EXAMPLES = Path(__file__).parents[4] / "examples"


class AskedTarget:
    """A target whose nodes say what a test states."""

    def __init__(self, held: Mapping[str, NodeImages]) -> None:
        self._held = held

    def node_images(self) -> Mapping[str, NodeImages]:
        return self._held


class OutOfReach(RoheError):
    """The cluster of a test does not answer."""

    exit_code = ExitCode.UNREACHABLE


def never(_: Destination) -> Any:
    raise AssertionError("nothing may be asked")


def present(nodes: tuple[ImagesOfNode, ...]) -> dict[tuple[str, str], str]:
    return {(node.node, item.image): item.present.value for node in nodes for item in node.images}


def test_offline_every_node_has_its_images_and_what_needs_them() -> None:
    found = images(EXAMPLES / "k3s", None, never, offline=True)
    first = found.nodes[0]
    assert (first.node, [item.image for item in first.images]) == ("jetson-1", ["rohe/digits:0.1.0"])
    assert first.images[0].needed_by == ("replica/digits:classify/bayes/0", "replica/digits:classify/svm/0")
    assert set(present(found.nodes).values()) == {"unknown"}


def test_what_a_node_lists_is_there_and_what_it_does_not_is_absent_only_where_it_lists_all() -> None:
    held: dict[str, NodeImages] = {
        "jetson-1": NodeImages(frozenset({"docker.io/rohe/digits:0.1.0"})),
        "pi-1": NodeImages(frozenset({"docker.io/rohe/digits:0.0.9"})),
        "zero-1": NodeImages(frozenset({"docker.io/rohe/agent:0.1.0"}), "the list is short"),
    }
    target: Any = AskedTarget(held)
    found = images(EXAMPLES / "k3s", None, lambda _: target)
    assert present(found.nodes) == {
        ("jetson-1", "rohe/digits:0.1.0"): "yes",
        ("pi-1", "rohe/digits:0.1.0"): "no",
        ("zero-1", "rohe/agent:0.1.0"): "yes",
        ("zero-1", "rohe/digits:0.1.0"): "unknown",
    }
    assert [node.note for node in found.nodes] == ["", "", "the list is short"]
    del held["pi-1"]
    notes = {node.node: node.note for node in images(EXAMPLES / "k3s", None, lambda _: target).nodes}
    assert notes["pi-1"] == "the cluster has no such node"


def test_a_cluster_out_of_reach_is_said_and_the_list_is_there() -> None:
    def unreachable(_: Destination) -> Any:
        raise OutOfReach("no answer", detail="refused")

    found = images(EXAMPLES / "k3s", None, unreachable)
    assert found.unasked == "no answer: refused"
    assert len(found.nodes) == 3


@pytest.mark.parametrize(("example", "nodes"), [("digits", 0), ("bts", 6)])
def test_a_target_without_a_cluster_is_not_asked(example: str, nodes: int) -> None:
    found = images(EXAMPLES / example, None, never)
    assert len(found.nodes) == nodes
    assert found.unasked == ("the target manifests names no cluster" if nodes else "")
