"""Advice of a plan for a cluster: what it says of devices, cores and bandwidth that the cluster does not enforce."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from rohe_iac.blueprint.language.pipeline import Requests
from rohe_iac.blueprint.linked.cluster_device import ClusterDevice
from rohe_iac.blueprint.linked.workload import Workload, service_with_variant
from rohe_iac.foundation.quantities import shown_bandwidth, shown_bytes, shown_share
from rohe_iac.manifests.advice import Advice
from rohe_iac.planning.model.plan import DeviceUse, Placement


def advice_of(
    workloads: Mapping[str, Workload],
    placements: tuple[Placement, ...],
    devices: Mapping[str, Mapping[str, ClusterDevice]],
) -> tuple[Advice, ...]:
    """Returns what a cluster does not enforce of a plan, sorted, each once a workload.

    Args:
        workloads: Every workload of the blueprint, by address.
        placements: The placed replicas.
        devices: The devices of every node, by node and name.
    """
    found: set[Advice] = set()
    for placement in placements:
        requests = service_with_variant(workloads[placement.workload], placement.variant).requests
        for about, words in _not_enforced(placement, requests, devices.get(placement.node, {})):
            found.add(Advice(placement.workload, about, words))
    return tuple(sorted(found))


def _not_enforced(
    placement: Placement, requests: Requests, devices: Mapping[str, ClusterDevice]
) -> Iterator[tuple[str, str]]:
    if placement.cores:
        yield "cores", "which core each peak was planned on: Kubernetes pins no container to the cores of a plan"
    if requests.network:
        yield "network", f"{shown_bandwidth(requests.network)} of network: Kubernetes counts and limits no bandwidth"
    alike = Counter(_resource(device) for device in devices.values())
    taken = Counter(_resource(devices[use.device]) for use in placement.devices)
    for use in placement.devices:
        device = devices[use.device]
        request = requests.accelerators.get(use.type)
        share = request.share if request is not None and request.share is not None else 0
        resource = _resource(device)
        if device.known is None:
            yield "device", f"the {use.type}: the Inventory names no `kubernetes` for it, so that pods are given none"
        elif resource:
            if alike[resource] > taken[resource]:
                words = f"which {use.type} of its node a replica has: the device plugin of {resource} gives any of them"
                yield "device", words
            yield from _parts(use, share, f"{resource} counts whole devices and limits", whole=True)
        else:
            yield from _claimed_parts(use, share, device)


def _parts(use: DeviceUse, share: int, why: str, *, whole: bool) -> Iterator[tuple[str, str]]:
    if share and share < 10_000:
        given = "; the replica has the whole device" if whole else ""
        yield "share", f"{shown_share(share)} {use.type}: {why} no share{given}"
    if use.memory:
        yield "memory", f"{shown_bytes(use.memory)} {use.type} memory: {why} no memory"


def _claimed_parts(use: DeviceUse, share: int, device: ClusterDevice) -> Iterator[tuple[str, str]]:
    """Yields what a claim does not bound: what the device is not shared by, and the share of a whole device."""
    if not device.memory and not device.share:
        if share and share < 10_000:
            words = f"{shown_share(share)} {use.type}: the claim takes the whole device and limits no share"
            yield "share", words
        return
    if share and share < 10_000 and not device.share:
        yield "share", f"{shown_share(share)} {use.type}: claims take {device.memory} of it, and no share"
    if use.memory and not device.memory:
        words = f"{shown_bytes(use.memory)} {use.type} memory: claims take {device.share} of it, and no memory"
        yield "memory", words


def _resource(device: ClusterDevice) -> str:
    """Returns the extended resource that counts the device; "" where there is none."""
    return (device.known.extended_resource or "") if device.known is not None else ""
