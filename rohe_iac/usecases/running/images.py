"""`rohe images`: the images that the planned replicas need, by node, and which of them the nodes have already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from rohe_iac.blueprint.documents.given_value import NO_VALUES, GivenValue
from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.deployment.ports import Destination, NodeImages
from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.manifests.kubernetes.pod.images import full_image_name, planned_pod
from rohe_iac.usecases.plans.plan import make_plan
from rohe_iac.usecases.stacks import OpenTarget


class Presence(Enum):
    """Whether an image is on a node."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class NeededImage:
    """An image that replicas on one node need.

    Attributes:
        image: Its name, as the manifests have it.
        present: Whether it is on the node already.
        needed_by: Addresses of the parts of the stack that run it, sorted.
    """

    image: str
    present: Presence
    needed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImagesOfNode:
    """What one node needs.

    Attributes:
        node: The planned node, "" for pods whose node the cluster chooses.
        images: The images, sorted by name.
        note: Why it is unknown of images whether they are there, "" where it is known of all.
    """

    node: str
    images: tuple[NeededImage, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class StackImages:
    """The images of a stack.

    Attributes:
        stack: The stack.
        target: The name of its target.
        nodes: What each node needs, sorted by node; none where no replica runs in a container.
        unasked: Why the cluster was not asked what the nodes have, "" where it was.
        unplaced: Number of replicas that have no node, whose images are not among these.
    """

    stack: str
    target: str
    nodes: tuple[ImagesOfNode, ...]
    unasked: str
    unplaced: int


def images(
    directory: Path,
    stack: str | None,
    open_target: OpenTarget,
    *,
    offline: bool = False,
    values: Mapping[str, GivenValue] = NO_VALUES,
    report: Callable[[str], None] = lambda _: None,
) -> StackImages:
    """Plans a stack and returns the images that it needs by node.

    Args:
        directory: a folder of the blueprint.
        stack: the name of the stack; None for the only one of the blueprint.
        open_target: opens the target of the plan.
        offline: whether the cluster is not asked what its nodes have.
        values: values that take the place of those of the stack, by name.
        report: receives a line for each step.

    Raises:
        InvalidBlueprint: the blueprint has faults.
        UsageError: there is no such stack.
    """
    planned = make_plan(directory, stack, values=values, report=report)
    planfile = planned.planfile
    needed = needed_images(planfile)
    held: Mapping[str, NodeImages] | None = None
    unasked = "--offline" if offline else ""
    if planfile.target == "manifests" and not offline:
        unasked = "the target manifests names no cluster"
    elif needed and not offline:
        report("asking the cluster")
        folder = StackFolder.of(planfile.project, planfile.stack)
        place = Destination(
            planfile.target, planfile.project, planfile.stack, folder, planned.blueprint.root, dict(planfile.settings)
        )
        try:
            held = open_target(place).node_images()
        except RoheError as error:
            unasked = f"{error.brief}: {error.detail}" if error.detail else error.brief
    nodes = tuple(_of_node(node, found, held) for node, found in sorted(needed.items()))
    return StackImages(planfile.stack, planfile.target, nodes, unasked, len(planfile.plan.unplaced))


def needed_images(planfile: PlanFile) -> dict[str, dict[str, set[str]]]:
    """Returns the addresses that need each image, by node and image; the node "" is one that the cluster chooses."""
    found: dict[str, dict[str, set[str]]] = {}
    for manifest in planfile.manifests:
        pod = planned_pod(manifest.text)
        for image in pod.images() if pod is not None else ():
            found.setdefault(pod.node if pod is not None else "", {}).setdefault(image, set()).add(manifest.address)
    return found


def _of_node(node: str, needed: Mapping[str, set[str]], held: Mapping[str, NodeImages] | None) -> ImagesOfNode:
    known = None if held is None else held.get(node)
    images = tuple(
        NeededImage(image, _presence(image, known), tuple(sorted(addresses)))
        for image, addresses in sorted(needed.items())
    )
    note = ""
    if held is not None and any(item.present is Presence.UNKNOWN for item in images):
        note = known.gap if known is not None else "the cluster has no such node" if node else "the cluster chooses it"
    return ImagesOfNode(node, images, note)


def _presence(image: str, known: NodeImages | None) -> Presence:
    if known is None:
        return Presence.UNKNOWN
    if full_image_name(image) in known.names:
        return Presence.YES
    return Presence.UNKNOWN if known.gap else Presence.NO
