"""Manifest verification: checks that the manifests of a plan file make what the plan has, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import yaml

from rohe_iac.deployment.files.actions import REMOVED, VERBS
from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.manifests.kubernetes.labels import NODE
from rohe_iac.manifests.kubernetes.pod.once import MAKES_PODS
from rohe_iac.manifests.local import REPLAY
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.planning.model.plan import Placement
from rohe_iac.usecases.plans.comparison.agent_limits import agent_limit_faults

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

BECAUSE = {
    "create": "it is not there yet",
    "keep": "nothing changed",
    "delete": "the blueprint does not ask for it any more",
    "retain": "it stays with what it holds until the stack is destroyed",
}
"""The reason for an action, for verbs that have only one."""


RUN = {"local": frozenset(("Process", "Broker"))}
"""The kinds of documents that make a replica, by target; in a cluster these are MAKES_PODS."""


def manifest_faults(planfile: PlanFile) -> Iterator[str]:
    """Yields everything that manifests and actions have otherwise than the plan, a sentence each."""
    placed = {item.replica: item for item in planfile.plan.placements}
    known = Counter(manifest.name for manifest in planfile.manifests)
    addresses = placed.keys() | {item.workload for item in planfile.plan.placements}
    addresses |= {item.workload.removesuffix(f"/{item.member}") for item in planfile.plan.placements if item.member}
    documents: dict[str, Mapping[str, Any]] = {}
    for manifest in planfile.manifests:
        for words in _manifest_faults(manifest, known, addresses):
            yield f"manifest {manifest.name}: {words}"
        document = _read(manifest)
        if document is None:
            yield f"manifest {manifest.name}: is not one document of the kind {manifest.kind}"
            continue
        documents[manifest.name] = document
        item = placed.get(manifest.address)
        placement = item if item is not None and _runs(manifest, item, planfile.target) else None
        for words in _document_faults(manifest, document, placement, planfile.stack):
            yield f"manifest {manifest.name}: {words}"
    yield from agent_limit_faults(documents)
    yield from _replica_faults(planfile)
    if planfile.against is None:
        for item in placed.values():
            if item.was:
                yield f"{item.replica} was on {item.was}, and nothing is known to be applied"
    yield from _refusal_faults(planfile)
    yield from _action_faults(planfile, known)


def _manifest_faults(manifest: Manifest, known: Mapping[str, int], placed: Collection[str]) -> Iterator[str]:
    """Yields the faults of one manifest whatever its document is, in words that follow its name.

    Args:
        manifest: the manifest.
        known: how many manifests there are of each name.
        placed: addresses of the replicas that are placed, and of their workloads and services.
    """
    if known[manifest.name] > 1:
        yield f"is there {known[manifest.name]} times"
    for name in manifest.depends_on:
        if name not in known:
            yield f"waits for {name}, which is not there"
    kind = manifest.address.partition("/")[0]
    if kind == "replica" and manifest.address not in placed:
        yield f"makes {manifest.address}, which is not placed"
    elif kind == "service" and not any(f"{address}/".startswith(f"{manifest.address}/") for address in placed):
        yield f"is for {manifest.address}, of which nothing is placed"


def _read(manifest: Manifest) -> Mapping[str, Any] | None:
    """Returns the document of a manifest; None where its text is not one document of the manifest's kind."""
    try:
        value = yaml.load(manifest.text, _LOADER)
    except yaml.YAMLError:
        return None
    right = isinstance(value, dict) and value.get("kind") == manifest.kind and isinstance(value.get("metadata"), dict)
    right = right and isinstance(value.get("apiVersion"), str)
    return value if right else None


def _document_faults(
    manifest: Manifest, document: Mapping[str, Any], item: Placement | None, stack: str
) -> Iterator[str]:
    """Yields what a document has otherwise than its manifest, its stack and its placement, None where it makes none."""
    metadata = document["metadata"]
    if metadata.get("stack", stack) != stack:
        yield f"is of the stack {metadata['stack']}"
    if metadata.get("address", manifest.address) != manifest.address:
        yield f"is for {metadata['address']}, not {manifest.address}"
    spec = document.get("spec")
    if item is None or not isinstance(spec, dict):
        return
    if metadata.get("name") != item.instance:
        yield f"is called {metadata.get('name')}, the replica {item.instance}"
    notes = metadata.get("annotations") or {}
    node = (spec.get("environment") or {}).get("ROHE_NODE") or notes.get(NODE, item.node)
    if node != item.node:
        yield f"says that it is on {node}, it is on {item.node}"
    if spec.get("replicas", 1) != 1:
        yield f"makes {spec['replicas']} of {item.replica}"
    if manifest.stand_in and REPLAY not in (spec.get("paths") or {}):
        yield "is said to run a stand-in, and runs none"
    ports = {port.name: port.number for port in item.ports}
    if manifest.kind == "Process" and manifest.address.startswith("replica/") and (spec.get("ports") or {}) != ports:
        yield f"has the ports {spec.get('ports')}, the plan gives {ports}"


def _runs(manifest: Manifest, item: Placement, target: str) -> bool:
    """Checks whether a manifest makes a replica; one of another name is one that a template adds."""
    return _may_run(manifest, target) and (target == "local" or manifest.name in _names(item))


def _names(item: Placement) -> tuple[str, ...]:
    """Returns the names that the manifest of a replica may have in a cluster."""
    return tuple(f"{kind.lower()}-{item.instance}" for kind in sorted(MAKES_PODS))


def _may_run(manifest: Manifest, target: str) -> bool:
    """Checks whether a manifest is of a kind that makes replicas; in a cluster a Broker has only the settings."""
    return manifest.kind in RUN.get(target, MAKES_PODS)


def _replica_faults(planfile: PlanFile) -> Iterator[str]:
    """Yields the placed replicas that no manifest makes, and those that several make."""
    # A template of the repository may add Deployments and Jobs of its own, which have other names.
    names = {name for item in planfile.plan.placements for name in _names(item)}
    made = Counter(
        manifest.address
        for manifest in planfile.manifests
        if _may_run(manifest, planfile.target) and (planfile.target == "local" or manifest.name in names)
    )
    for item in planfile.plan.placements:
        count = made[item.replica] + made[item.workload]
        if count != 1:
            yield f"{item.replica} is placed but {'no manifest makes' if not count else f'{count} manifests make'} it"


def _refusal_faults(planfile: PlanFile) -> Iterator[str]:
    """Yields the workloads of which the plan does not have the refused nodes."""
    refused = {refusals.workload: refusals.by_rule for refusals in planfile.plan.refusals}
    unplaced = {item.workload for item in planfile.plan.unplaced} if planfile.problem.nodes else set()
    for demand in planfile.problem.demands:
        by_rule = refused.get(demand.workload)
        needed = demand.workload in unplaced and not _may_leave_out(planfile)
        if demand.replicas and (by_rule is None or (needed and not by_rule)):
            yield f"{demand.workload}: refused nodes are not listed"


def _may_leave_out(planfile: PlanFile) -> bool:
    """Checks whether the plan may leave out replicas for the sake of others, so that no node has to refuse them."""
    near = any(rule.required for demand in planfile.problem.demands for rule in demand.near)
    near = near or any(edge.within for edge in planfile.problem.edges)
    return near or planfile.plan.strategy == "exact" or planfile.problem.settings.max_moves is not None


def _action_faults(planfile: PlanFile, known: Counter[str]) -> Iterator[str]:
    """Yields the actions that do not follow from the manifests, and the manifests without an action."""
    addresses = {manifest.name: manifest.address for manifest in planfile.manifests}
    counts = Counter(action.manifest for action in planfile.actions)
    for action in planfile.actions:
        there = action.manifest in known
        if action.verb not in VERBS or there == (action.verb in REMOVED):
            yield f"action {action.verb} {action.manifest}: the manifest is {'there' if there else 'not there'}"
        elif planfile.against is None and action.verb != "create":
            yield f"action {action.verb} {action.manifest}: nothing is known to be applied"
        elif there and action.address != addresses[action.manifest]:
            yield f"action {action.verb} {action.manifest}: is for {action.address}"
        if BECAUSE.get(action.verb, action.because) != action.because:
            yield f"action {action.verb} {action.manifest}: because {action.because}"
        if counts[action.manifest] > 1:
            yield f"action {action.verb} {action.manifest}: is listed {counts[action.manifest]} times"
    for name in sorted(known.keys() - counts.keys()):
        yield f"manifest {name}: has no action"
