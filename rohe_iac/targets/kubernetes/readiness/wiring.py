"""Wiring: the Readiness of each workload, put between its objects and those that need it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.manifests.kubernetes.labels import ADDRESS, RECEIVES, STARTUP, WORKLOAD
from rohe_iac.manifests.kubernetes.pod.once import JOB
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.readiness.awaited import AwaitedReplica
from rohe_iac.targets.kubernetes.readiness.document import KIND, Readiness
from rohe_iac.targets.kubernetes.readiness.hearing import HearingAgent
from rohe_iac.targets.kubernetes.readiness.nodes import node_of, unreachable_of

AGENT = "agent/"
"""What the addresses of agents begin with."""

LONGEST_NAME = 63
"""Characters of the name of a document."""


def with_readiness(
    manifests: Sequence[Manifest],
    objects: Mapping[str, ClusterObject],
    stack: str,
    present: Sequence[ClusterObject],
    *,
    removes: bool = True,
) -> tuple[Manifest, ...]:
    """Returns the manifests with a Readiness for each workload, after which all that needs the workload is made.

    A workload that leaves a node which another one comes to is changed at once: who comes may only find room then.

    Args:
        manifests: The manifests of a plan.
        objects: The object of each manifest by the manifest's name.
        stack: Name of the stack.
        present: The Deployments of the stack that are in the cluster.
        removes: Whether Deployments that no manifest is for are removed in the same run.
    """
    makes_room = _making_room(manifests, objects, {found.name: node_of(found) for found in present})
    by_workload: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        if manifest.workload:
            by_workload.setdefault(manifest.workload, []).append(manifest)
    once = {workload for workload, items in by_workload.items() if objects[items[0].name].kind == JOB}
    agents = _agents(by_workload, objects, present)
    planned = {found.name for found in objects.values()}
    removed = {found.name: node_of(found) for found in present if removes and found.name not in planned}
    readiness = {
        workload: _readiness(workload, items, objects, stack, agents, removed)
        for workload, items in by_workload.items()
    }
    wired = []
    for manifest in manifests:
        # What runs once has ended before those after it are made, whatever room they free.
        needs = [item for item in manifest.needs if manifest.workload not in makes_room or item in once]
        needed = tuple(readiness[workload].name for workload in needs if workload in readiness)
        wired.append(replace(manifest, depends_on=(*manifest.depends_on, *needed)) if needed else manifest)
    return (*wired, *readiness.values())


def _agents(
    by_workload: Mapping[str, Sequence[Manifest]],
    objects: Mapping[str, ClusterObject],
    present: Iterable[ClusterObject],
) -> Mapping[str, tuple[HearingAgent, ...]]:
    """Returns the agents of each workload of them: those of the manifests, else those that are in the cluster already.

    An apply of a part of the stack has no manifests of agents. Of several agents of a pipeline, the one that judges
    knows what all have heard.
    """
    found: dict[str, list[HearingAgent]] = {}
    for item in present:
        address = item.annotations.get(ADDRESS, "")
        if RECEIVES not in item.annotations:
            found.setdefault(address.rpartition("/")[0], []).append(HearingAgent(address, item.name))
    for workload, manifests in by_workload.items():
        found[workload] = [
            HearingAgent(manifest.address, objects[manifest.name].name)
            for manifest in manifests
            if RECEIVES not in objects[manifest.name].annotations
        ]
    return {workload: tuple(agents) for workload, agents in found.items() if workload.startswith(AGENT)}


def _making_room(
    manifests: Iterable[Manifest], objects: Mapping[str, ClusterObject], nodes: Mapping[str, str]
) -> frozenset[str]:
    """Returns the workloads with a replica that leaves a node which a replica of another workload comes to.

    Args:
        manifests: The manifests of a plan.
        objects: The object of each manifest by the manifest's name.
        nodes: The present node of each Deployment by its name.
    """
    leaves: dict[str, set[str]] = {}
    comes: dict[str, set[str]] = {}
    for manifest in manifests:
        if manifest.workload:
            found = objects[manifest.name]
            before, after = nodes.get(found.name, ""), node_of(found)
            if before != after:
                leaves.setdefault(manifest.workload, set()).add(before)
                comes.setdefault(manifest.workload, set()).add(after)
    return frozenset(
        workload
        for workload, left in leaves.items()
        if any(other != workload and (left - {""}) & taken for other, taken in comes.items())
    )


def _readiness(
    workload: str,
    manifests: Sequence[Manifest],
    objects: Mapping[str, ClusterObject],
    stack: str,
    agents: Mapping[str, tuple[HearingAgent, ...]],
    removed: Mapping[str, str],
) -> Manifest:
    nodes = {node_of(objects[manifest.name]) for manifest in manifests}
    label = objects[manifests[0].name].labels.get(WORKLOAD, "")
    document = Readiness(
        name=_name(label or workload),
        stack=stack,
        address=workload,
        workload=label,
        replicas=tuple(_awaited(manifest, objects[manifest.name]) for manifest in manifests),
        digests=tuple(manifest.sha256 for manifest in manifests),
        removed=tuple(sorted(name for name, node in removed.items() if node and node in nodes)),
        # Services whose pipeline is observed need its agents, and are told where to report to.
        # One that is nowhere yet cannot be asked, which is said. What runs once is well when it has ended.
        agents=tuple(
            agent
            for needed in manifests[0].needs
            if needed.startswith(AGENT) and objects[manifests[0].name].kind != JOB
            for agent in agents.get(needed, (HearingAgent(needed, needed),))
        ),
    )
    return Manifest(document.name, KIND, workload, document.text(), tuple(manifest.name for manifest in manifests))


def _awaited(manifest: Manifest, found: ClusterObject) -> AwaitedReplica:
    pod = found.body.get("spec", {}).get("template", {}).get("spec", {})
    images = [str(container.get("image", "")) for container in pod.get("containers") or ()]
    return AwaitedReplica(
        address=manifest.address,
        instance=found.name,
        node=node_of(found),
        digest=manifest.digest,
        image=images[0] if images else "",
        unreachable=unreachable_of(found),
        startup=int(found.annotations.get(STARTUP, "0")) if found.kind == JOB else 0,
    )


def _name(label: str) -> str:
    name = f"readiness-{label}"
    return name if len(name) <= LONGEST_NAME else f"{name[:54].rstrip('-')}-{sha256_hex(label.encode())[:8]}"
