"""Verification of plugged filters: every replica of a plan held against them, with all the others where they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.plan import Placement
from rohe_iac.planning.model.plugins.calling import ask_filter
from rohe_iac.planning.model.plugins.protocols import Candidate, FreeAmounts, PlacedReplicas, Plugin
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply


def filter_faults(
    problem: Problem, items: Sequence[Placement], filters: Sequence[Plugin]
) -> Iterator[tuple[str, str, str]]:
    """The filter's name, the replica and the filter's words, for every replica that one refuses where it stands.

    items: placements of workloads and nodes that the problem has. Once a workload and node, for equals.
    """
    if not filters:
        return
    nodes = {node.name: node for node in problem.nodes}
    demands = {demand.workload: demand for demand in problem.demands}
    on: dict[str, list[Placement]] = defaultdict(list)
    for item in items:
        on[item.node].append(item)
    for name, there in sorted(on.items()):
        asked = {item.replica: _asked(item, demands[item.workload]) for item in there}
        seen = set()
        for item in there:
            if item.workload in seen:
                continue
            seen.add(item.workload)
            others = [one for one in there if one.replica != item.replica]
            candidate = Candidate(
                nodes[name],
                replace(demands[item.workload], resources=asked[item.replica]),
                _free(nodes[name], others, asked, problem.settings.vms_ratio),
                _standing(others, demands),
            )
            for one in filters:
                words = ask_filter(one, candidate)
                if words:
                    yield one.name, item.replica, words


def _asked(item: Placement, demand: Demand) -> Resources:
    return next((one.resources for one in demand.variants if one.name == item.variant), demand.resources)


def _free(node: Supply, others: Sequence[Placement], asked: Mapping[str, Resources], ratio: int) -> FreeAmounts:
    cores = list(node.cores)
    for number, used in enumerate(node.cores_used[: len(cores)]):
        cores[number] -= used
    names = {device.name: number for number, device in enumerate(node.devices)}
    devices = [device.capacity - device.used for device in node.devices]
    for item in others:
        for use in item.cores:
            cores[use.core] -= use.amount
        for device in item.devices:
            devices[names[device.device]] -= device.amount
    wanted = [asked[item.replica] for item in others]
    vms = None if node.vms is None else node.vms * ratio // 1_000_000 - node.vms_used
    return FreeAmounts(
        node.cpu - node.cpu_used - sum(one.cpu for one in wanted),
        tuple(cores),
        node.rss - node.rss_used - sum(one.rss for one in wanted),
        None if vms is None else vms - sum(one.vms or 0 for one in wanted),
        tuple(devices),
    )


def _standing(others: Sequence[Placement], demands: Mapping[str, Demand]) -> tuple[PlacedReplicas, ...]:
    counts: dict[str, int] = defaultdict(int)
    for item in others:
        counts[item.workload] += 1
    return tuple(
        PlacedReplicas(one.workload, one.pipeline, one.service, one.member, counts[one.workload], one.system)
        for one in (demands[workload] for workload in sorted(counts))
    )
