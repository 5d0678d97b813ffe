"""Feasibility: may a replica go to a node as the ledger stands, and if not, by which rule and how much is missing."""

from __future__ import annotations

from dataclasses import replace

from rohe_iac.planning.model.eligibility import static_rule
from rohe_iac.planning.placement.rules.affinity import near_holds
from rohe_iac.planning.placement.rules.network import network_refusal
from rohe_iac.planning.placement.rules.plugged import plugin_refusal
from rohe_iac.planning.placement.state.device_assignment import choose_devices
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger

RULES = (
    "status", "reserved", "labels", "taints", "architecture", "cpu", "cores", "rss", "vms", "accelerators",
    "ports", "spread", "avoid", "near", "latency", "bandwidth", "budget",
)  # fmt: skip
"""All built-in rules in the order in which they are asked; the first that says no names the refusal."""

COUPLING_RULES = ("ports", "spread", "avoid", "near", "latency", "bandwidth", "budget")
"""The rules that ask what else is placed; together they count as one missing whole."""


def refusal(indexed: IndexedProblem, ledger: Ledger, demand: int, node: int) -> str:
    """The first rule that refuses the node, or an empty word where the replica fits."""
    return indexed.static(demand)[node] or amounts_refusal(indexed, ledger, demand, node)


def refusal_to_stay(indexed: IndexedProblem, ledger: Ledger, demand: int, node: int) -> str:
    """The same for a replica that is there already: a cordoned node keeps what it has."""
    rule = indexed.static(demand)[node]
    if rule == "status" and indexed.nodes[node].status == "cordoned":
        rule = static_rule(indexed.demands[demand], replace(indexed.nodes[node], status="running"))
    return rule or amounts_refusal(indexed, ledger, demand, node)


def amounts_refusal(indexed: IndexedProblem, ledger: Ledger, demand: int, node: int) -> str:
    """The first rule that refuses the node by what is free on it and what is placed, or an empty word."""
    asked = indexed.resources[demand]
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
    if asked.devices and not _devices_fit(indexed, ledger, demand, node):
        return "accelerators"
    rule = placement_refusal(indexed, ledger, demand, node)
    if not rule and indexed.plugins.filters:
        # What is plugged in is asked last, so that it is asked seldom.
        return plugin_refusal(indexed, ledger, demand, node)[0]
    return rule


def rules_of(indexed: IndexedProblem) -> tuple[str, ...]:
    """All rules of the problem in the order in which they are asked, plugged filters last."""
    return (*RULES, *(one.name for one in indexed.plugins.filters))


def _devices_fit(indexed: IndexedProblem, ledger: Ledger, demand: int, node: int) -> bool:
    # Requests of one demand are of distinct types, so that they never compete for a device.
    free = ledger.devices[node]
    return all(
        choose_devices(indexed, free, node, request) is not None for request in indexed.resources[demand].devices
    )


def placement_refusal(indexed: IndexedProblem, ledger: Ledger, demand: int, node: int) -> str:
    """The first of the rules of NEIGHBOURHOOD that refuses the node, or an empty word."""
    if indexed.host_ports[demand]:
        taken = ledger.ports[node]
        ports = indexed.host_ports[demand]
        if any(port in taken for port in ports) or len(set(ports)) < len(ports):
            return "ports"
    if indexed.numbered[demand] > ledger.numbers:
        return "ports"
    for rule in indexed.demands[demand].spread:
        domain = indexed.domains[rule.key][node]
        if domain < 0 or ledger.counts[demand][rule.key][domain] >= rule.limit:
            return "spread"
    for key in indexed.avoid_keys[demand]:
        if indexed.domains[key][node] < 0:
            return "avoid"
    for other, key in indexed.avoid[demand]:
        domain = indexed.domains[key][node]
        if domain >= 0 and ledger.counts[other][key][domain]:
            return "avoid"
    for others, key in indexed.near[demand]:
        if not near_holds(indexed, ledger, demand, others, key, node):
            return "near"
    if indexed.edges[demand] or indexed.paths[demand]:
        return network_refusal(indexed, ledger, demand, node)
    return ""
