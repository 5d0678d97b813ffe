"""Feasibility: may a replica go to a node as the ledger stands, and if not, by which rule and how much is missing."""

from __future__ import annotations

from dataclasses import replace

from rohe_iac.planning.model.eligibility import static_rule
from rohe_iac.planning.placement.rules.affinity import near_holds
from rohe_iac.planning.placement.rules.network import network_refusal
from rohe_iac.planning.placement.rules.plugged import own_refusal
from rohe_iac.planning.placement.state.device_assignment import choose_devices
from rohe_iac.planning.placement.state.index import Layout
from rohe_iac.planning.placement.state.ledger import Ledger

RULES = (
    "status", "reserved", "labels", "taints", "architecture", "cpu", "cores", "rss", "vms", "accelerators",
    "ports", "spread", "avoid", "near", "latency", "bandwidth", "budget",
)  # fmt: skip
"""All built-in rules in the order in which they are asked; the first that says no names the refusal."""

NEIGHBOURHOOD = ("ports", "spread", "avoid", "near", "latency", "bandwidth", "budget")
"""The rules that ask what else is placed; together they count as one missing whole."""


def refusal(layout: Layout, ledger: Ledger, demand: int, node: int) -> str:
    """The first rule that refuses the node, or an empty word where the replica fits."""
    return layout.static(demand)[node] or amounts_refusal(layout, ledger, demand, node)


def refusal_to_stay(layout: Layout, ledger: Ledger, demand: int, node: int) -> str:
    """The same for a replica that is there already: a cordoned node keeps what it has."""
    rule = layout.static(demand)[node]
    if rule == "status" and layout.nodes[node].status == "cordoned":
        rule = static_rule(layout.demands[demand], replace(layout.nodes[node], status="running"))
    return rule or amounts_refusal(layout, ledger, demand, node)


def amounts_refusal(layout: Layout, ledger: Ledger, demand: int, node: int) -> str:
    """The first rule that refuses the node by what is free on it and what is placed, or an empty word."""
    asked = layout.resources[demand]
    if asked.cpu > ledger.cpu[node]:
        return "cpu"
    if asked.cores:
        row = ledger.sorted_cores[node]
        if len(asked.cores) > len(row):
            return "cores"
        for chunk, free in zip(asked.cores, row, strict=False):
            if chunk > free:
                return "cores"
    if asked.rss > ledger.rss[node]:
        return "rss"
    if asked.vms is not None and asked.vms > ledger.vms[node]:
        return "vms"
    if asked.devices and not _devices_fit(layout, ledger, demand, node):
        return "accelerators"
    rule = placement_refusal(layout, ledger, demand, node)
    if not rule and layout.extensions.filters:
        # What is plugged in is asked last, so that it is asked seldom.
        return own_refusal(layout, ledger, demand, node)[0]
    return rule


def rules_of(layout: Layout) -> tuple[str, ...]:
    """All rules of the problem in the order in which they are asked, plugged filters last."""
    return (*RULES, *(one.name for one in layout.extensions.filters))


def _devices_fit(layout: Layout, ledger: Ledger, demand: int, node: int) -> bool:
    # Requests of one demand are of distinct types, so that they never compete for a device.
    free = ledger.devices[node]
    return all(choose_devices(layout, free, node, request) is not None for request in layout.resources[demand].devices)


def placement_refusal(layout: Layout, ledger: Ledger, demand: int, node: int) -> str:
    """The first of the rules of NEIGHBOURHOOD that refuses the node, or an empty word."""
    if layout.host_ports[demand]:
        taken = ledger.ports[node]
        ports = layout.host_ports[demand]
        if any(port in taken for port in ports) or len(set(ports)) < len(ports):
            return "ports"
    if layout.numbered[demand] > ledger.numbers:
        return "ports"
    for rule in layout.demands[demand].spread:
        domain = layout.domains[rule.key][node]
        if domain < 0 or ledger.counts[demand][rule.key][domain] >= rule.limit:
            return "spread"
    for key in layout.avoid_keys[demand]:
        if layout.domains[key][node] < 0:
            return "avoid"
    for other, key in layout.avoid[demand]:
        domain = layout.domains[key][node]
        if domain >= 0 and ledger.counts[other][key][domain]:
            return "avoid"
    for others, key in layout.near[demand]:
        if not near_holds(layout, ledger, demand, others, key, node):
            return "near"
    if layout.edges[demand] or layout.ways[demand]:
        return network_refusal(layout, ledger, demand, node)
    return ""
