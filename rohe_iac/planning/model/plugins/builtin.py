"""The planner's own filters, scorers and strategies as what anyone could plug in: the same Protocols, the same values.

They say in plain words what feasibility.py, scoring.py and their array forms compute for all nodes at once; the tests
hold one against the other. What asks about other nodes (`ports` of one machine, `spread`, `avoid`, `near`, `latency`,
`bandwidth`, `budget`, `wishes`, `fragmentation`) cannot be told from one node and is the planner's alone.

| scorer | unit | gives 1 | gives 0 |
|---|---|---|---|
| cpu | share of the node's millicores | all in use with the replica there | none |
| memory | share of the node's bytes | all in use with the replica there | none |
| accelerator | share of the basis points of the types asked for (who asks for none: 1 without devices) | all | none |
| open | whether a replica stands there | one does | none does |
| interference | share of a request's time alone | neighbours cost none | they cost as much again, on a full node |
| taints | whether a PreferNoSchedule taint speaks against it | none does | one does |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from rohe_iac.planning.model.demand import Demand, DeviceRequest
from rohe_iac.planning.model.plugins.protocols import Candidate, Filter, FreeAmounts, Scorer, Strategy
from rohe_iac.planning.model.supply import Supply, Taint


def status(one: Candidate, /) -> str:
    """Nodes that do not run take nothing new."""
    return "" if one.node.status == "running" else f"the node is {one.node.status}"


def labels(one: Candidate, /) -> str:
    """Every label of the selector has to be there."""
    lacking = [f"{key}={value}" for key, value in one.demand.selector if one.node.label(key) != value]
    return f"{', '.join(lacking)} missing" if lacking else ""


def taints(one: Candidate, /) -> str:
    """Every taint but PreferNoSchedule has to be tolerated."""
    kept = [
        taint.key
        for taint in one.node.taints
        if taint.effect != "PreferNoSchedule" and not _tolerated(taint, one.demand)
    ]
    return f"{', '.join(kept)} not tolerated" if kept else ""


def architecture(one: Candidate, /) -> str:
    """The node's architecture has to be one that is asked for, where both are told."""
    told = one.demand.arch and one.node.arch and one.node.arch not in one.demand.arch
    return f"the node is {one.node.arch}" if told else ""


def cpu(one: Candidate, /) -> str:
    """Millicores."""
    lacking = one.demand.resources.cpu - one.free.cpu
    return f"{lacking}m missing" if lacking > 0 else ""


def cores(one: Candidate, /) -> str:
    """Chunks on distinct cores: the sorted request has to be dominated by the sorted free cores."""
    asked, there = sorted(one.demand.resources.cores, reverse=True), sorted(one.free.cores, reverse=True)
    short = len(asked) > len(there) or any(chunk > left for chunk, left in zip(asked, there, strict=False))
    return f"no {len(asked)} distinct cores for it" if short else ""


def rss(one: Candidate, /) -> str:
    """Resident memory in bytes."""
    lacking = one.demand.resources.rss - one.free.rss
    return f"{lacking} bytes missing" if lacking > 0 else ""


def vms(one: Candidate, /) -> str:
    """Virtual memory in bytes, overcommit counted in, where both sides tell it."""
    asked = one.demand.resources.vms
    return (
        f"{asked - one.free.vms} bytes missing"
        if asked is not None and one.free.vms is not None and asked > one.free.vms
        else ""
    )


def accelerators(one: Candidate, /) -> str:
    """A share in one device (an exclusive one has to be idle), or so many idle devices of the models."""
    lacking = [asked.type for asked in one.demand.resources.devices if not _devices(one.node, one.free, asked)]
    return f"no {', '.join(lacking)} for it" if lacking else ""


def cpu_in_use(one: Candidate, /) -> Fraction:
    """Share of the node's cpu in use once the replica is there."""
    return _share(one.node.cpu - one.free.cpu + one.demand.resources.cpu, one.node.cpu)


def memory_in_use(one: Candidate, /) -> Fraction:
    """Share of the node's resident memory in use once the replica is there."""
    return _share(one.node.rss - one.free.rss + one.demand.resources.rss, one.node.rss)


def accelerator_in_use(one: Candidate, /) -> Fraction:
    """Share of the devices of the types asked for in use; for who asks for none, 1 on a node without devices."""
    asked = one.demand.resources.devices
    if not asked:
        return Fraction(not one.node.devices)
    mine = [
        number for number, device in enumerate(one.node.devices) if device.type in {request.type for request in asked}
    ]
    whole = sum(one.node.devices[number].capacity for number in mine)
    return _share(
        whole - sum(one.free.devices[number] for number in mine) + sum(request.share for request in asked), whole
    )


def open_already(one: Candidate, /) -> Fraction:
    """1 where a replica stands."""
    return Fraction(bool(one.standing))


def untainted(one: Candidate, /) -> Fraction:
    """1 where no PreferNoSchedule taint is left untolerated."""
    against = any(taint.effect == "PreferNoSchedule" and not _tolerated(taint, one.demand) for taint in one.node.taints)
    return Fraction(not against)


def undisturbed(one: Candidate, /) -> Fraction:
    """1 less the share of the replica's time that neighbours cost it, on the part of the cpu that is in use."""
    slowdown = min(Fraction(one.demand.slowdown, 1_000_000), Fraction(1))
    return 1 - slowdown * _share(one.node.cpu - one.free.cpu, one.node.cpu)


def first_fit(candidates: Sequence[Candidate], /) -> str:
    """The first by name."""
    return candidates[0].node.name


def most_points(candidates: Sequence[Candidate], /) -> str:
    """The most points, the first by name of equals: with the strategy's own scorers that is best-fit, and so on."""
    return max(candidates, key=lambda one: one.points).node.name


def _share(used: int, whole: int) -> Fraction:
    return Fraction(max(0, min(used, whole)), whole) if whole > 0 else Fraction(0)


def _tolerated(taint: Taint, demand: Demand) -> bool:
    return any(one.covers(taint.key, taint.value, taint.effect) for one in demand.tolerations)


def _devices(node: Supply, free: FreeAmounts, asked: DeviceRequest) -> bool:
    idle, best = 0, -1
    for device, left in zip(node.devices, free.devices, strict=True):
        if device.type == asked.type and (not asked.models or device.model in asked.models):
            idle += left == device.capacity
            if left == device.capacity or not device.exclusive:
                best = max(best, left)
    return idle >= asked.count if asked.count else best >= asked.share


FILTERS: dict[str, Filter] = {
    "status": status, "labels": labels, "taints": taints, "architecture": architecture, "cpu": cpu, "cores": cores,
    "rss": rss, "vms": vms, "accelerators": accelerators,
}  # fmt: skip
"""By the name of the rule, in the order in which they are asked."""

SCORERS: dict[str, Scorer] = {
    "cpu": cpu_in_use, "memory": memory_in_use, "accelerator": accelerator_in_use, "open": open_already,
    "taints": untainted, "interference": undisturbed,
}  # fmt: skip
"""By the name of the score's part."""

STRATEGIES: dict[str, Strategy] = {
    "first-fit": first_fit, "best-fit": most_points, "worst-fit": most_points, "dot-product": most_points,
    "fragmentation": most_points,
}  # fmt: skip
"""The strategies of one pass: what tells them apart is how they score."""

BUILT_IN: Mapping[str, Mapping[str, Any]] = {"filter": FILTERS, "scorer": SCORERS, "strategy": STRATEGIES}
"""All of them, by kind and name."""
