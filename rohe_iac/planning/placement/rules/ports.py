"""The rule `ports`: host ports that are taken on a node, and numbers left in the range that the plan gives out."""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.planning.placement.rules.rule import Closed, ClosedNodes, CouplingGroup, CouplingRule
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex


def ports_clash(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> bool:
    """Checks whether a host port is taken on the node or asked for twice, or the range has too few numbers left."""
    ports = indexed.host_ports[demand]
    if ports:
        taken = ledger.ports[node]
        if any(port in taken for port in ports) or len(set(ports)) < len(ports):
            return True
    return indexed.numbered[demand] > ledger.numbers


def _words(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> str:
    taken = ledger.ports[node]
    clash = sorted(number for number, protocol in indexed.host_ports[demand] if (number, protocol) in taken)
    if clash:
        return f"ports: host port {clash[0]} is taken"
    if indexed.numbered[demand] > ledger.numbers:
        return f"ports: {indexed.numbered[demand]} asked, {ledger.numbers} left in the range"
    return "ports: one host port is asked for twice"


def _closes(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex) -> Sequence[tuple[str, Closed]]:
    ports = indexed.host_ports[demand]
    if indexed.numbered[demand] > ledger.numbers or (ports and len(set(ports)) < len(ports)):
        return (("ports", ClosedNodes(None)),)
    if not ports:
        return ()
    if indexed.settings.one_machine:
        taken = any(port in there for there in ledger.ports[:1] for port in ports)
        return (("ports", ClosedNodes(None)),) if taken else ()
    users = {other for port in ports for other in indexed.port_users[port]}
    nodes = [node for other in users for node in ledger.placed[other]]
    return (("ports", ClosedNodes(nodes)),) if nodes else ()


PORTS = CouplingRule("ports", ports_clash, _words)

PORT_RULES = CouplingGroup((PORTS,), _closes)
