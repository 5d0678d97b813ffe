"""Checks that a cluster can give out the parts of devices that services ask for."""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.blueprint.checks.sites.joined import inventories_of
from rohe_iac.blueprint.documents.tree import Tree
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.language.accelerators.accelerator import Accelerator
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.language.pipeline import Pipeline, Requests
from rohe_iac.blueprint.language.stack import Stack
from rohe_iac.blueprint.linked.cluster_device import consumed_names
from rohe_iac.blueprint.text.parsed import Path

MAX_CLAIMED = 32
"""The most devices that one ResourceClaim may ask for (resource.k8s.io/v1 DeviceRequestsMaxSize)."""


def check(document: Document, stack: Stack, tree: Tree, checked: set[tuple[Document, Document]]) -> Iterator[Finding]:
    """Yields every request of the pipelines of a stack for a cluster that its claims could not state.

    Args:
        document: The document of the stack.
        stack: The stack.
        tree: All documents of the blueprint.
        checked: Pipelines with the inventory that they were checked with, or with the stack where it takes several;
            those that are checked are added.
    """
    taken = inventories_of(document, stack, tree)
    if stack.spec.target.local is not None or not taken:
        return
    inventory = document if len(taken) > 1 else taken[0][0]
    claimed = {kind: name for _, model in taken for kind, name in _claimed(model).items()}
    if not claimed:
        return
    for name in stack.spec.pipelines:
        pipeline = tree.catalogue.meant("Pipeline", name, document)
        if pipeline is None or not isinstance(pipeline.model, Pipeline) or (pipeline, inventory) in checked:
            continue
        checked.add((pipeline, inventory))
        for path, requests in _requests(pipeline.model):
            yield from _check_requests(pipeline, path, requests, claimed)


def _claimed(inventory: Inventory) -> dict[str, str]:
    """Returns the types of device that are claimed, with the capacity that parts are taken of by memory, or ""."""
    entries: list[dict[str, Accelerator]] = [kind.accelerators for kind in inventory.spec.device_types.values()]
    entries += [node.accelerators for node in inventory.spec.nodes if node.accelerators]
    found: dict[str, str] = {}
    for accelerators in entries:
        for accelerator in accelerators.values():
            if accelerator.kubernetes is not None and accelerator.kubernetes.device_class is not None:
                found[accelerator.type] = found.get(accelerator.type) or consumed_names(accelerator)[0]
    return found


def _requests(pipeline: Pipeline) -> Iterator[tuple[Path, Requests]]:
    for index, service in enumerate(pipeline.spec.services):
        base: Path = ("spec", "services", index)
        yield (*base, "requests"), service.requests
        for number, variant in enumerate(service.variants):
            if variant.requests is not None:
                yield (*base, "variants", number, "requests"), variant.requests
        for number, member in enumerate(service.ensemble.members if service.ensemble is not None else ()):
            if member.requests is not None:
                yield (*base, "ensemble", "members", number, "requests"), member.requests


def _check_requests(document: Document, path: Path, requests: Requests, claimed: dict[str, str]) -> Iterator[Finding]:
    for kind, request in requests.accelerators.items():
        place = (*path, "accelerators", kind)
        capacity = claimed.get(kind)
        if capacity and request.count is None and request.memory is None:
            message = f"a share of a {kind} without memory: claims take {capacity} of it, and this one would take all"
            yield Finding(document, place, "R241", message, "add memory, as in {share: 40%, memory: 2Gi}", on_key=True)
    devices = sum(request.count or 1 for kind, request in requests.accelerators.items() if kind in claimed)
    if devices > MAX_CLAIMED:
        message = f"{devices} devices in one ResourceClaim, which asks for at most {MAX_CLAIMED}"
        yield Finding(document, (*path, "accelerators"), "R241", message, "split the service into several replicas")
