"""Replacement: how the pods of changed replicas give way to new ones, and which services that interrupts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.manifests.kubernetes.deployment import SURGE, strategies_of
from rohe_iac.manifests.kubernetes.pod.once import JOB
from rohe_iac.manifests.manifest import Manifest

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

BESIDE, STOP_FIRST, MOVED = "beside", "stop first", "moved"
"""The new pod is ready before the old one ends; the old one ends first; so it does, and the new one is elsewhere."""

GRACE = 30
"""Seconds that a pod has to end where its manifest does not say so (Kubernetes, `terminationGracePeriodSeconds`)."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """How the pod of one changed replica is replaced.

    Attributes:
        address: Address of the replica.
        instance: Its instance.
        workload: Address of its workload.
        way: BESIDE, STOP_FIRST or MOVED.
        stop: The most seconds that the old pod takes to end.
        start: The most seconds that the new pod may take to start, None where nothing says so.
    """

    address: str
    instance: str
    workload: str
    way: str
    stop: int
    start: int | None

    def __str__(self) -> str:
        """Returns the way and, where the replica is down meanwhile, for how long."""
        if self.way == BESIDE:
            return "beside: the old pod serves until the new one is ready"
        start = f"up to {self.start} s to start" if self.start is not None else "its start, how long is unknown"
        where = ", then moved" if self.way == MOVED else ""
        return f"stop first{where}: down for up to {self.stop} s to stop and {start}"


def replacements(before: PlanFile | None, after: PlanFile, overtaken: Collection[str] = ()) -> tuple[Replacement, ...]:
    """Returns how each replica that is applied already is replaced where its pod changes, sorted by address.

    Args:
        before: The applied plan; None where nothing is applied.
        after: The plan.
        overtaken: Addresses of replicas that another apply has changed since, whose pods change in any case.
    """
    if before is None:
        return ()
    old = {manifest.name: manifest for manifest in before.manifests if manifest.workload}
    nodes = {item.replica: item.node for item in before.plan.placements}
    placed = {item.replica: item for item in after.plan.placements}
    strategies = strategies_of(after.plan)
    found = []
    for manifest in after.manifests:
        item = placed.get(manifest.address)
        known = old.get(manifest.name)
        # What runs once serves nobody, so that nothing is interrupted where it runs again.
        if item is None or not manifest.workload or known is None or manifest.kind == JOB:
            continue
        if manifest.address in overtaken or not manifest.runs_as(known):
            surges = strategies[item.instance] == SURGE
            moved = nodes.get(item.replica, item.node) != item.node
            way = MOVED if moved else BESIDE if surges else STOP_FIRST
            found.append(_replacement(manifest, item.instance, way))
    return tuple(sorted(found, key=lambda replacement: replacement.address))


def interrupted(found: Collection[Replacement], running: Mapping[str, str]) -> dict[str, tuple[Replacement, ...]]:
    """Returns the services that have no running replica for a while, with the replacements that stop them.

    Agents and the broker are no services: reports wait for them.

    Args:
        found: The replacements of a plan.
        running: Workload by instance of what runs now.
    """
    down = {item.instance for item in found if item.way != BESIDE}
    workloads = {item.workload for item in found if item.workload.startswith("service/")}
    stopped = {}
    for workload in sorted(workloads):
        serving = {instance for instance, owner in running.items() if owner == workload}
        if serving and serving <= down:
            stopped[workload] = tuple(item for item in found if item.workload == workload)
    return stopped


def _replacement(manifest: Manifest, instance: str, way: str) -> Replacement:
    pod = (yaml.load(manifest.text, _LOADER).get("spec") or {}).get("template", {}).get("spec", {})
    probes = [container.get("startupProbe") for container in pod.get("containers") or ()]
    limits = [probe.get("failureThreshold", 3) * probe.get("periodSeconds", 10) for probe in probes if probe]
    stop = int(pod.get("terminationGracePeriodSeconds", GRACE))
    return Replacement(manifest.address, instance, manifest.workload, way, stop, max(limits) if limits else None)
