"""Verifies that no node holds more cpu, memory, cores or accelerators than it has."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import Placement
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.requests import requested


def capacity_faults(problem: Problem, node: Supply, items: list[tuple[Placement, Demand]]) -> Iterator[Fault]:
    """Yields a fault for each of cpu, memory, cores and accelerators of which replicas take more than the node has."""
    where = f"node/{node.name}"
    requests = [requested(demand, item.variant) for item, demand in items]
    cpu = node.cpu_used + sum(request.cpu for request in requests)
    if cpu > node.cpu and any(request.cpu for request in requests):
        yield Fault("cpu", where, f"{cpu} of {node.cpu} millicores")
    rss = node.rss_used + sum(request.rss for request in requests)
    if rss > node.rss and any(request.rss for request in requests):
        yield Fault("rss", where, f"{rss} of {node.rss} bytes")
    vms = node.vms_used + sum(request.vms or 0 for request in requests)
    if (
        node.vms is not None
        and vms * 1_000_000 > node.vms * problem.settings.vms_ratio
        and any(request.vms for request in requests)
    ):
        yield Fault("vms", where, f"{vms} bytes of {node.vms} times {problem.settings.vms_ratio / 1e6:g}")
    for name, offered, used in (
        ("disk", node.disk, node.disk_used),
        ("network", node.network, node.network_used),
    ):
        asked = [getattr(request, name) for request in requests]
        if offered is not None and any(asked) and used + sum(asked) > offered:
            yield Fault(name, where, f"{used + sum(asked)} of {offered}")
    yield from core_faults(node, items)
    yield from device_faults(node, items)


def core_faults(node: Supply, items: list[tuple[Placement, Demand]]) -> Iterator[Fault]:
    """Yields a fault for each core that is overloaded, and each replica whose cores are not those that it asks for."""
    loads: Counter[int] = Counter(dict(enumerate(node.cores_used)))
    granted: set[int] = set()
    for item, demand in items:
        cores = [use.core for use in item.cores]
        granted.update(cores)
        wanted = sorted(requested(demand, item.variant).cores)
        if sorted(use.amount for use in item.cores) != wanted:
            yield Fault("cores", item.replica, f"asks for {wanted}, the plan gives other amounts")
        if len(set(cores)) < len(cores):
            yield Fault("cores", item.replica, "two chunks on one core")
        for use in item.cores:
            loads[use.core] += use.amount
    for core in granted:
        if not 0 <= core < len(node.cores):
            yield Fault("cores", f"node/{node.name}", f"has no core {core}")
        elif loads[core] > node.cores[core]:
            yield Fault("cores", f"node/{node.name}", f"{loads[core]} of {node.cores[core]} millicores on core {core}")


def device_faults(node: Supply, items: list[tuple[Placement, Demand]]) -> Iterator[Fault]:
    """Yields a fault for each device that is overloaded, and each replica whose devices are not what it asks for."""
    devices = {device.name: device for device in node.devices}
    given: dict[str, list[int]] = defaultdict(list)
    memory: Counter[str] = Counter({device.name: device.memory_used for device in node.devices})
    asked_for: set[str] = set()
    for item, demand in items:
        for use in item.devices:
            if use.device not in devices or devices[use.device].type != use.type:
                yield Fault("accelerators", item.replica, f"node {node.name} has no {use.type} {use.device}")
            else:
                given[use.device].append(use.amount)
                memory[use.device] += use.memory
                asked_for |= {use.device} if use.memory else set()
        requests = requested(demand, item.variant).devices
        if {use.type for use in item.devices} != {request.type for request in requests}:
            yield Fault("accelerators", item.replica, "the types given are not the types asked for")
        for request in requests:
            mine = [use for use in item.devices if use.type == request.type and use.device in devices]
            if request.models and any(devices[use.device].model not in request.models for use in mine):
                yield Fault("accelerators", item.replica, f"a device is not one of {', '.join(request.models)}")
            number = request.count or 1
            if len(mine) != number or len({use.device for use in mine}) != number:
                yield Fault("accelerators", item.replica, f"{len(mine)} devices of {request.type}, not {number}")
            for use in mine:
                whole = request.count or devices[use.device].exclusive
                least = devices[use.device].capacity if whole else request.share
                if use.amount != least or use.amount < request.share:
                    yield Fault("accelerators", item.replica, f"{use.amount} basis points of {use.device}")
                if use.memory != request.memory:
                    words = f"{use.memory} bytes of memory of {use.device}, asked are {request.memory}"
                    yield Fault("accelerators", item.replica, words)
    for name, amounts in given.items():
        device = devices[name]
        if device.used + sum(amounts) > device.capacity:
            yield Fault("accelerators", f"node/{node.name}", f"{name}: more than its {device.capacity} basis points")
        if device.memory is not None and memory[name] > device.memory and name in asked_for:
            words = f"{name}: {memory[name]} of {device.memory} bytes of its memory"
            yield Fault("accelerators", f"node/{node.name}", words)
