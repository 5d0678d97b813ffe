"""Asks plug-in filters again for every replica of a plan, with all other replicas where the plan has them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.plan import Placement
from rohe_iac.planning.model.plugins.calling import ask_filter
from rohe_iac.planning.model.plugins.protocols import Candidate, FreeAmounts, PlacedReplicas, Plugin
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.requests import requested


def filter_faults(problem: Problem, items: Sequence[Placement], filters: Sequence[Plugin]) -> Iterator[Fault]:
    """Yields a fault for each workload and node where a filter refuses a replica that stands there.

    Args:
        items: placements of workloads and nodes that the problem has.
        filters: the filters to ask. Replicas of one workload on one node are equal, so that one of them is asked.

    Raises:
        FaultyPlugin: a filter raises, or does not answer with text.
    """
    if not filters:
        return
    nodes = {node.name: node for node in problem.nodes}
    demands = {demand.workload: demand for demand in problem.demands}
    by_node: dict[str, list[Placement]] = defaultdict(list)
    for item in items:
        by_node[item.node].append(item)
    for name, residents in sorted(by_node.items()):
        requests = {item.replica: requested(demands[item.workload], item.variant) for item in residents}
        seen = set()
        for item in residents:
            if item.workload in seen:
                continue
            seen.add(item.workload)
            others = [other for other in residents if other.replica != item.replica]
            candidate = Candidate(
                nodes[name],
                replace(demands[item.workload], resources=requests[item.replica]),
                _free_amounts(nodes[name], others, requests, problem),
                _placed_replicas(others, demands),
            )
            for plugin in filters:
                words = ask_filter(plugin, candidate)
                if words:
                    yield Fault(plugin.name, item.replica, words)


def _free_amounts(
    node: Supply, others: Sequence[Placement], requests: Mapping[str, Resources], problem: Problem
) -> FreeAmounts:
    vms_ratio = problem.settings.vms_ratio
    cores = list(node.cores)
    for core, used in enumerate(node.cores_used[: len(cores)]):
        cores[core] -= used
    positions = {device.name: position for position, device in enumerate(node.devices)}
    devices = [device.capacity - device.used for device in node.devices]
    memory = [None if device.memory is None else device.memory - device.memory_used for device in node.devices]
    for item in others:
        for core_use in item.cores:
            cores[core_use.core] -= core_use.amount
        for device_use in item.devices:
            position = positions[device_use.device]
            devices[position] -= device_use.amount
            left = memory[position]
            memory[position] = None if left is None else left - device_use.memory
    placed = [requests[item.replica] for item in others]
    vms = None if node.vms is None else node.vms * vms_ratio // 1_000_000 - node.vms_used
    return FreeAmounts(
        node.cpu - node.cpu_used - sum(request.cpu for request in placed),
        tuple(cores),
        node.rss - node.rss_used - sum(request.rss for request in placed),
        None if vms is None else vms - sum(request.vms or 0 for request in placed),
        tuple(devices),
        tuple(memory) if _asks_for_device_memory(problem) else (),
        _left(node.disk, node.disk_used + sum(request.disk for request in placed)),
        _left(node.network, node.network_used + sum(request.network for request in placed)),
    )


def _left(offered: int | None, taken: int) -> int | None:
    return None if offered is None else offered - taken


def _asks_for_device_memory(problem: Problem) -> bool:
    requests = [request for demand in problem.demands for request in (demand.resources, *_of_variants(demand))]
    return any(asked.memory for request in requests for asked in request.devices)


def _of_variants(demand: Demand) -> tuple[Resources, ...]:
    return tuple(variant.resources for variant in demand.variants)


def _placed_replicas(others: Sequence[Placement], demands: Mapping[str, Demand]) -> tuple[PlacedReplicas, ...]:
    counts = Counter(item.workload for item in others)
    return tuple(
        PlacedReplicas(
            demand.workload, demand.pipeline, demand.service, demand.member, counts[demand.workload], demand.system
        )
        for demand in (demands[workload] for workload in sorted(counts))
    )
