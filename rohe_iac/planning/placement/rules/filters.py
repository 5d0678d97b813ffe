"""Feasibility of a node for one replica as the ledger stands: the first rule that refuses it.

The functions ask the rules of the registry one by one, in its order, and only those that a demand asks for. They are
written out because they are the innermost step of scalar evaluation and of the search; a test holds them equal to
`RULES`.
"""

from __future__ import annotations

from dataclasses import replace

from rohe_iac.planning.model.eligibility import static_rule
from rohe_iac.planning.placement.rules.affinity import avoided_is_there, lacks_neighbour
from rohe_iac.planning.placement.rules.devices import devices_fit
from rohe_iac.planning.placement.rules.network import network_refusal
from rohe_iac.planning.placement.rules.plugged import plugin_refusal
from rohe_iac.planning.placement.rules.ports import ports_clash
from rohe_iac.planning.placement.rules.topology_spread import domain_full, skewed
from rohe_iac.planning.placement.state.core_assignment import cores_fit
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.node_amounts import lacking_extra
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex


def refusal(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> str:
    """Returns the name of the first rule that refuses the node, or an empty word where the replica fits."""
    return indexed.static(demand)[node] or amounts_refusal(indexed, ledger, demand, node)


def refusal_to_stay(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> str:
    """Returns the first rule that refuses a replica on the node already, or an empty word; a cordoned node keeps it."""
    rule = indexed.static(demand)[node]
    if rule == "status" and indexed.nodes[node].status == "cordoned":
        rule = static_rule(indexed.demands[demand], replace(indexed.nodes[node], status="running"))
        rule = rule or ("gang" if indexed.is_left_out(demand) else "")
    return rule or amounts_refusal(indexed, ledger, demand, node, stays=True)


def amounts_refusal(
    indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex, *, stays: bool = False
) -> str:
    """Returns the first rule that refuses the node by what is free on it and what is placed, or an empty word.

    Args:
        indexed: the problem.
        ledger: what is free and placed.
        demand: the demand.
        node: the node.
        stays: whether the replica is on the node already: then other domains may still get their replicas.
    """
    asked = indexed.resources[demand]
    if asked.cpu > ledger.cpu[node]:
        return "cpu"
    if asked.cores and not cores_fit(asked.cores, ledger.sorted_cores[node]):
        return "cores"
    if asked.rss > ledger.rss[node]:
        return "rss"
    if asked.vms is not None and asked.vms > ledger.vms[node]:
        return "vms"
    if indexed.has_extras and (rule := lacking_extra(asked, ledger.extras[node])):
        return rule
    if asked.devices and not devices_fit(indexed, ledger.devices[node], node, asked.devices):
        return "accelerators"
    rule = placement_refusal(indexed, ledger, demand, node, stays=stays)
    if not rule and indexed.plugins.filters:
        # Plugged filters are slow: they are asked last, so that they are asked seldom.
        return plugin_refusal(indexed, ledger, demand, node)[0]
    return rule


def placement_refusal(
    indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex, *, stays: bool = False
) -> str:
    """Returns the first of COUPLING_RULES that refuses the node, or an empty word; `stays` as in amounts_refusal."""
    if (indexed.host_ports[demand] or indexed.numbered[demand] > ledger.numbers) and ports_clash(
        indexed, ledger, demand, node
    ):
        return "ports"
    if indexed.demands[demand].spread and domain_full(indexed, ledger, demand, node):
        return "spread"
    if indexed.skews.required[demand] and skewed(indexed, ledger, demand, node, stays=stays):
        return "skew"
    if (indexed.avoid[demand] or indexed.avoid_keys[demand]) and avoided_is_there(indexed, ledger, demand, node):
        return "avoid"
    if indexed.near[demand] and lacks_neighbour(indexed, ledger, demand, node):
        return "near"
    if indexed.edges[demand] or indexed.paths[demand]:
        return network_refusal(indexed, ledger, demand, node)
    return ""
