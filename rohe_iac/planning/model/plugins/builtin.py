"""The planner's own filters, scorers and strategies in the form of plug-ins: the same protocols, the same values.

They are the specification of what rules, scores and their array forms compute for all nodes at once; tests compare
both. What depends on other nodes (`ports` of one machine, `spread`, `avoid`, `near`, `latency`, `bandwidth`, `budget`,
`wishes`, `fragmentation`, amounts as best-fit rates them among accelerators) cannot be decided by one node
and is the planner's alone.

| scorer | unit | gives 1 | gives 0 |
|---|---|---|---|
| cpu | share of the node's millicores | all in use with the replica there | none |
| memory | share of the node's bytes | all in use with the replica there | none |
| accelerator | share of the basis points of the types asked for; if none, 1 without devices | all | none |
| open | whether a replica is there | one is | none is |
| interference | percents of a request's time that neighbours cost it, and it costs them | none | 100 or more |
| taints | whether a PreferNoSchedule taint speaks against it | none does | one does |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from rohe_iac.planning.model.demand import Demand, DeviceRequest, Resources
from rohe_iac.planning.model.neighbours import rates, shared_amounts, shared_capacity, used_by_others
from rohe_iac.planning.model.plugins.protocols import Candidate, Filter, FreeAmounts, Scorer, Strategy
from rohe_iac.planning.model.supply import NodeTaint, Supply


def status(candidate: Candidate, /) -> str:
    """Refuses a node that is not running: it takes nothing new."""
    return "" if candidate.node.status == "running" else f"the node is {candidate.node.status}"


def labels(candidate: Candidate, /) -> str:
    """Refuses a node whose labels are not those that the selector asks for."""
    lacking = [f"{key}={value}" for key, value in candidate.demand.selector if candidate.node.label(key) != value]
    lacking += [match.key for match in candidate.demand.matches if not match.accepts(candidate.node.domain(match.key))]
    return f"{', '.join(lacking)} missing" if lacking else ""


def taints(candidate: Candidate, /) -> str:
    """Refuses a node with a taint that is not tolerated; one of PreferNoSchedule only lowers its score."""
    kept = [
        taint.key
        for taint in candidate.node.taints
        if taint.effect != "PreferNoSchedule" and not _tolerated(taint, candidate.demand)
    ]
    return f"{', '.join(kept)} not tolerated" if kept else ""


def architecture(candidate: Candidate, /) -> str:
    """Refuses a node of an architecture that is not asked for, where both are known."""
    other = candidate.demand.arch and candidate.node.arch and candidate.node.arch not in candidate.demand.arch
    return f"the node is {candidate.node.arch}" if other else ""


def cpu(candidate: Candidate, /) -> str:
    """Refuses a node with too few millicores free."""
    lacking = candidate.demand.resources.cpu - candidate.free.cpu
    return f"{lacking}m missing" if lacking > 0 else ""


def cores(candidate: Candidate, /) -> str:
    """Refuses a node that has no distinct cores for the chunks: the largest against the largest decides."""
    asked, there = sorted(candidate.demand.resources.cores, reverse=True), sorted(candidate.free.cores, reverse=True)
    short = len(asked) > len(there) or any(chunk > left for chunk, left in zip(asked, there, strict=False))
    return f"no {len(asked)} distinct cores for it" if short else ""


def rss(candidate: Candidate, /) -> str:
    """Refuses a node with too little resident memory free, in bytes."""
    lacking = candidate.demand.resources.rss - candidate.free.rss
    return f"{lacking} bytes missing" if lacking > 0 else ""


def vms(candidate: Candidate, /) -> str:
    """Refuses a node with too little virtual memory free, in bytes with overcommit, where both sides state it."""
    asked = candidate.demand.resources.vms
    return (
        f"{asked - candidate.free.vms} bytes missing"
        if asked is not None and candidate.free.vms is not None and asked > candidate.free.vms
        else ""
    )


def disk(candidate: Candidate, /) -> str:
    """Refuses a node with too little disk free, in bytes, where both sides state it."""
    return _beyond(candidate.demand.resources.disk, candidate.free.disk)


def network(candidate: Candidate, /) -> str:
    """Refuses a node whose network interface has too few bits a second free, where both sides state them."""
    return _beyond(candidate.demand.resources.network, candidate.free.network)


def _beyond(asked: int, free: int | None) -> str:
    return f"{asked - free} missing" if asked and free is not None and asked > free else ""


def accelerators(candidate: Candidate, /) -> str:
    """Refuses a node without a device for a share (an exclusive one has to be idle), or without as many idle ones.

    Each has to have the memory free that is asked for.
    """
    lacking = [
        asked.type
        for asked in candidate.demand.resources.devices
        if not _devices(candidate.node, candidate.free, asked)
    ]
    return f"no {', '.join(lacking)} for it" if lacking else ""


def cpu_in_use(candidate: Candidate, /) -> Fraction:
    """Returns the share of the node's cpu in use once the replica is there."""
    return _share(candidate.node.cpu - candidate.free.cpu + candidate.demand.resources.cpu, candidate.node.cpu)


def memory_in_use(candidate: Candidate, /) -> Fraction:
    """Returns the share of the node's resident memory in use once the replica is there."""
    return _share(candidate.node.rss - candidate.free.rss + candidate.demand.resources.rss, candidate.node.rss)


def accelerator_in_use(candidate: Candidate, /) -> Fraction:
    """Returns the share in use of the devices of the types asked for; without any, 1 on a node without devices."""
    asked = candidate.demand.resources.devices
    if not asked:
        return Fraction(not candidate.node.devices)
    mine = [
        number
        for number, device in enumerate(candidate.node.devices)
        if device.type in {request.type for request in asked}
    ]
    whole = sum(candidate.node.devices[number].capacity for number in mine)
    return _share(
        whole - sum(candidate.free.devices[number] for number in mine) + sum(request.share for request in asked), whole
    )


def open_already(candidate: Candidate, /) -> Fraction:
    """Returns 1 where a replica is on the node already."""
    return Fraction(bool(candidate.standing))


def untainted(candidate: Candidate, /) -> Fraction:
    """Returns 1 where every PreferNoSchedule taint is tolerated."""
    against = any(
        taint.effect == "PreferNoSchedule" and not _tolerated(taint, candidate.demand)
        for taint in candidate.node.taints
    )
    return Fraction(not against)


def undisturbed(candidate: Candidate, /) -> Fraction:
    """Returns 1 less what the replica loses to neighbours and costs them, in parts of one replica's time, at most 1.

    What each sensitive replica loses below a tenth of its time, on the mean of the node, is tolerated.
    """
    demand, node = candidate.demand, candidate.node
    own = (1, demand.sensitivity, demand.slowdown, demand.resources)
    there = [(item.replicas, item.sensitivity, item.slowdown, item.resources) for item in candidate.standing]
    return 1 - min(Fraction(_lost_percent(node, [*there, own]) - _lost_percent(node, there), 100), Fraction(1))


def _lost_percent(node: Supply, replicas: Sequence[tuple[int, str, int, Resources]]) -> int:
    """Returns what sensitive replicas lose beyond a tenth each, in whole percents of one replica's time.

    Args:
        node: the node.
        replicas: number of replicas, sensitivity, slowdown and request of each workload there.
    """
    used = list(used_by_others(node))
    for number, _, _, asked in replicas:
        for position, amount in enumerate(shared_amounts(asked)):
            used[position] += number * amount
    lost = 0
    for position, whole in enumerate(shared_capacity(node)):
        total = 0
        for number, sensitivity, slowdown, asked in replicas:
            rate = rates(sensitivity, slowdown, asked)[position]
            total += number * rate * (used[position] - shared_amounts(asked)[position])
        lost += total // max(1, whole)
    sensitive = sum(
        number for number, sensitivity, slowdown, asked in replicas if any(rates(sensitivity, slowdown, asked))
    )
    return max(0, lost - 100 * sensitive) // 10


def first_fit(candidates: Sequence[Candidate], /) -> str:
    """Returns the first node by name."""
    return candidates[0].node.name


def highest_score(candidates: Sequence[Candidate], /) -> str:
    """Returns the node of the highest score, the first by name where equal: by their scorers best-fit and others."""
    return max(candidates, key=lambda candidate: candidate.points).node.name


def _share(used: int, whole: int) -> Fraction:
    """Returns used over whole, in [0, 1]; 0 of nothing."""
    return Fraction(max(0, min(used, whole)), whole) if whole > 0 else Fraction(0)


def _tolerated(taint: NodeTaint, demand: Demand) -> bool:
    """Checks whether the demand tolerates the taint."""
    return any(toleration.covers(taint.key, taint.value, taint.effect) for toleration in demand.tolerations)


def _devices(node: Supply, free: FreeAmounts, asked: DeviceRequest) -> bool:
    """Checks whether the node has devices for the request."""
    idle, best = 0, -1
    memories = free.device_memory if asked.memory else (None,) * len(node.devices)
    for device, left, memory in zip(node.devices, free.devices, memories, strict=True):
        if memory is not None and memory < asked.memory:
            continue
        if device.type == asked.type and (not asked.models or device.model in asked.models):
            idle += left == device.capacity
            if left == device.capacity or not device.exclusive:
                best = max(best, left)
    return idle >= asked.count if asked.count else best >= asked.share


FILTERS: dict[str, Filter] = {
    "status": status, "labels": labels, "taints": taints, "architecture": architecture, "cpu": cpu, "cores": cores,
    "rss": rss, "vms": vms, "disk": disk, "network": network, "accelerators": accelerators,
}  # fmt: skip
"""By the name of the rule, in the order of the rules."""

SCORERS: dict[str, Scorer] = {
    "cpu": cpu_in_use, "memory": memory_in_use, "accelerator": accelerator_in_use, "open": open_already,
    "taints": untainted, "interference": undisturbed,
}  # fmt: skip
"""By the name of the score's part."""

STRATEGIES: dict[str, Strategy] = {
    "first-fit": first_fit, "best-fit": highest_score, "worst-fit": highest_score, "dot-product": highest_score,
    "fragmentation": highest_score,
}  # fmt: skip
"""The strategies of one pass: they differ in how they score."""

BUILT_IN: Mapping[str, Mapping[str, Any]] = {"filter": FILTERS, "scorer": SCORERS, "strategy": STRATEGIES}
"""All of them, by kind and name."""
