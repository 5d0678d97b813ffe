"""Manifest verification: the manifests of a plan file make what the plan says, and nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from rohe_iac.deployment.files.actions import VERBS
from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.planning.model.plan import Placement

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

BECAUSE = {
    "create": "it is not there yet",
    "keep": "nothing changed",
    "delete": "the blueprint does not ask for it any more",
}
"""Why an action is taken, where there is but one reason."""

NODE_NOTE = "rohe.dev/node"
"""The annotation that tells which node a document is for."""


def unlike_manifests(planfile: PlanFile) -> Iterator[str]:
    """What manifests and actions say that the plan does not, a sentence each."""
    placed = {item.replica: item for item in planfile.plan.placements}
    workloads = {item.workload for item in planfile.plan.placements}
    known = Counter(manifest.name for manifest in planfile.manifests)
    made: dict[str, Counter[str]] = defaultdict(Counter)
    for manifest in planfile.manifests:
        where = f"manifest {manifest.name}"
        if known[manifest.name] > 1:
            yield f"{where}: is there {known[manifest.name]} times"
        for name in manifest.depends_on:
            if name not in known:
                yield f"{where}: waits for {name}, which is not there"
        kind = manifest.address.partition("/")[0]
        if kind == "replica" and manifest.address not in placed:
            yield f"{where}: makes {manifest.address}, which is not placed"
        elif kind == "service" and manifest.address not in workloads:
            yield f"{where}: is for {manifest.address}, of which nothing is placed"
        document = _read(manifest)
        if document is None:
            yield f"{where}: is not one document of the kind {manifest.kind}"
            continue
        for words in _document(manifest, document, placed, planfile.stack):
            yield f"{where}: {words}"
        _count(manifest, document, made)
    yield from _made(planfile, placed, made)
    if planfile.against is None:
        for item in placed.values():
            if item.was:
                yield f"{item.replica} was on {item.was}, and nothing is known to be applied"
    explained = {one.workload: one.by_rule for one in planfile.plan.refusals}
    lost = {one.workload for one in planfile.plan.unplaced} if planfile.problem.nodes else set()
    for demand in planfile.problem.demands:
        told = explained.get(demand.workload)
        if demand.replicas and (told is None or (demand.workload in lost and not told and not _weighed(planfile))):
            yield f"{demand.workload}: refused nodes are not told"
    yield from _actions(planfile, known)


def _read(manifest: Manifest) -> Mapping[str, Any] | None:
    try:
        value = yaml.load(manifest.text, _LOADER)
    except yaml.YAMLError:
        return None
    right = isinstance(value, dict) and value.get("kind") == manifest.kind and isinstance(value.get("metadata"), dict)
    right = right and isinstance(value.get("apiVersion"), str)
    return value if right else None


def _document(
    manifest: Manifest, document: Mapping[str, Any], placed: Mapping[str, Placement], stack: str
) -> Iterator[str]:
    metadata = document["metadata"]
    if metadata.get("stack", stack) != stack:
        yield f"is of the stack {metadata['stack']}"
    if metadata.get("address", manifest.address) != manifest.address:
        yield f"is for {metadata['address']}, not {manifest.address}"
    item = placed.get(manifest.address)
    spec = document.get("spec")
    if item is None or not isinstance(spec, dict):
        return
    if metadata.get("name") != item.instance:
        yield f"is called {metadata.get('name')}, the replica {item.instance}"
    node = (spec.get("environment") or {}).get("ROHE_NODE", item.node)
    if node != item.node:
        yield f"is told that it is on {node}, it is on {item.node}"
    ports = {port.name: port.number for port in item.ports}
    if manifest.kind == "Process" and manifest.address.startswith("replica/") and (spec.get("ports") or {}) != ports:
        yield f"has the ports {spec.get('ports')}, the plan gives {ports}"


def _count(manifest: Manifest, document: Mapping[str, Any], made: Mapping[str, Counter[str]]) -> None:
    """How many replicas of a workload a document makes on each node."""
    notes, spec = document["metadata"].get("annotations"), document.get("spec")
    replicas = spec.get("replicas") if isinstance(spec, dict) else None
    if isinstance(notes, dict) and NODE_NOTE in notes and isinstance(replicas, int):
        made[manifest.address][str(notes[NODE_NOTE])] += replicas


def _made(planfile: PlanFile, placed: Mapping[str, Placement], made: Mapping[str, Counter[str]]) -> Iterator[str]:
    wanted: dict[str, Counter[str]] = defaultdict(Counter)
    for item in placed.values():
        wanted[item.workload][item.node] += 1
    for workload, counts in sorted(made.items()):
        for node in sorted(counts.keys() | wanted[workload].keys()):
            if counts[node] != wanted[workload][node]:
                yield f"{workload}: manifests make {counts[node]} on {node}, the plan has {wanted[workload][node]}"
    rendered = {manifest.address for manifest in planfile.manifests}
    for item in planfile.plan.placements:
        if item.replica not in rendered and item.workload not in rendered:
            yield f"{item.replica} is placed but no manifest makes it"


def _weighed(planfile: PlanFile) -> bool:
    """Whether what is left out was weighed against other things, so that nodes need not refuse it."""
    near = any(rule.required for demand in planfile.problem.demands for rule in demand.near)
    return near or planfile.plan.strategy == "exact" or planfile.problem.settings.max_moves is not None


def _actions(planfile: PlanFile, known: Counter[str]) -> Iterator[str]:
    addresses = {manifest.name: manifest.address for manifest in planfile.manifests}
    told = Counter(action.manifest for action in planfile.actions)
    for action in planfile.actions:
        there = action.manifest in known
        if action.verb not in VERBS or there == (action.verb == "delete"):
            yield f"action {action.verb} {action.manifest}: the manifest is {'there' if there else 'not there'}"
        elif planfile.against is None and action.verb != "create":
            yield f"action {action.verb} {action.manifest}: nothing is known to be applied"
        elif there and action.address != addresses[action.manifest]:
            yield f"action {action.verb} {action.manifest}: is told of {action.address}"
        if BECAUSE.get(action.verb, action.because) != action.because:
            yield f"action {action.verb} {action.manifest}: because {action.because}"
        if told[action.manifest] > 1:
            yield f"action {action.verb} {action.manifest}: is told {told[action.manifest]} times"
    for name in sorted(known.keys() - told.keys()):
        yield f"manifest {name}: no action is told of it"
