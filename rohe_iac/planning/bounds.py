"""Bounds: how few nodes could hold the placed replicas at all, whatever the plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rohe_iac.planning.layout import NODE_KEY, Layout
from rohe_iac.planning.plan import Bound


def bound(layout: Layout, placed: Sequence[Sequence[int]]) -> Bound:
    """Lower bounds on the nodes used, by the nodes (positions) that each demand's replicas have.

    volume: cpu, rss and vms summed against the largest nodes. cores: millicores, and chunks of more than half of the
    largest core, of which a core holds one. accelerators: shares and whole devices by type. spread: replicas by domain.
    """
    used = {node for nodes in placed for node in nodes}
    counts = [len(nodes) for nodes in placed]
    open_nodes = [
        position for position, node in enumerate(layout.nodes) if node.status == "running" or position in used
    ]
    found = {
        "volume": _volume(layout, counts, open_nodes),
        "cores": _cores(layout, counts, open_nodes),
        "accelerators": _accelerators(layout, counts, open_nodes),
        "spread": _spread(layout, counts),
    }
    least = max(found.values(), default=0)
    arguments = tuple(name for name, value in found.items() if value == least and least)
    return Bound(len(used), least, arguments, proven=len(used) == least)


def needed(total: int, offers: Iterable[int]) -> int:
    """The smallest number of offers, largest first, that sum up to the total; all of them where they do not."""
    if total <= 0:
        return 0
    number = 0
    for offer in sorted(offers, reverse=True):
        if total <= 0 or offer <= 0:
            break
        total -= offer
        number += 1
    return number


def _volume(layout: Layout, counts: list[int], nodes: list[int]) -> int:
    asked, ratio = layout.resources, layout.settings.vms_ratio
    supply = [layout.nodes[node] for node in nodes]
    cpu = needed(
        sum(count * one.cpu for count, one in zip(counts, asked, strict=True)),
        [node.cpu - node.cpu_used for node in supply],
    )
    rss = needed(
        sum(count * one.rss for count, one in zip(counts, asked, strict=True)),
        [node.rss - node.rss_used for node in supply],
    )
    vms = 0
    if all(node.vms is not None for node in supply):
        total = sum(count * (one.vms or 0) for count, one in zip(counts, asked, strict=True))
        vms = needed(total, [(node.vms or 0) * ratio // 1_000_000 - node.vms_used for node in supply])
    return max(cpu, rss, vms, 1 if any(counts) else 0)


def _cores(layout: Layout, counts: list[int], nodes: list[int]) -> int:
    asked = layout.resources
    supply = [layout.nodes[node] for node in nodes]
    mass = needed(
        sum(count * sum(one.cores) for count, one in zip(counts, asked, strict=True)),
        [sum(node.cores) - sum(node.cores_used) for node in supply],
    )
    half = max((size for node in supply for size in node.cores), default=0) // 2
    large = sum(count * sum(chunk > half for chunk in one.cores) for count, one in zip(counts, asked, strict=True))
    return max(mass, needed(large, [sum(size > half for size in node.cores) for node in supply]))


def _accelerators(layout: Layout, counts: list[int], nodes: list[int]) -> int:
    best = 0
    for kind in layout.device_types:
        shares = whole = 0
        for count, one in zip(counts, layout.resources, strict=True):
            for request in one.devices:
                if request.type == kind:
                    shares += count * request.share
                    whole += count * request.count
        offers, devices = [], []
        for position in nodes:
            mine = [device for device in layout.nodes[position].devices if device.type == kind]
            offers.append(sum(device.capacity - device.used for device in mine))
            devices.append(len(mine))
        best = max(best, needed(shares, offers), needed(whole, devices))
    return best


def _spread(layout: Layout, counts: list[int]) -> int:
    best = 0
    for count, demand in zip(counts, layout.demands, strict=True):
        for rule in demand.spread:
            best = max(best, -(-count // rule.limit))
        own = layout.index[demand.workload]
        if count and (own, NODE_KEY) in layout.avoid[own]:
            best = max(best, count)
    return best
