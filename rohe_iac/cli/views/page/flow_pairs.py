"""The pairs of replicas that a flow connects: all of both ends, or those within one domain of a local flow."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rohe_iac.planning.model.demand import Edge
from rohe_iac.planning.model.problem import Problem


@dataclass(frozen=True)
class FlowPairs:
    """The pairs of one flow.

    Attributes:
        groups: replicas by node that send, and that receive from them, for each domain.
    """

    groups: tuple[tuple[Counter[str], Counter[str]], ...]

    @property
    def nodes(self) -> int:
        """Returns how many pairs of nodes there are."""
        return sum(len(sources) * len(sinks) for sources, sinks in self.groups)

    @property
    def replicas(self) -> int:
        """Returns how many pairs of replicas there are."""
        return sum(sources.total() * sinks.total() for sources, sinks in self.groups)

    def between(self) -> Iterator[tuple[str, str, int]]:
        """Yields the nodes of each pair that sends and receives, with how many pairs of replicas they have."""
        for sources, sinks in self.groups:
            for source, senders in sources.items():
                for sink, receivers in sinks.items():
                    yield source, sink, senders * receivers


def pairs_of(problem: Problem, edge: Edge, nodes: Mapping[str, Counter[str]]) -> FlowPairs:
    """Returns the pairs of a flow.

    Args:
        problem: the problem with the flow.
        edge: the flow.
        nodes: replicas by node, by workload.
    """
    if not edge.within:
        return FlowPairs(((nodes[edge.source], nodes[edge.sink]),))
    domains = {node.name: node.domain(edge.within) for node in problem.nodes}
    sources, sinks = (_by_domain(nodes[end], domains) for end in (edge.source, edge.sink))
    return FlowPairs(tuple((there, sinks[domain]) for domain, there in sorted(sources.items()) if domain in sinks))


def _by_domain(nodes: Counter[str], domains: Mapping[str, str | None]) -> Mapping[str, Counter[str]]:
    """Returns the replicas by node of each domain, without nodes in none."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for node, count in nodes.items():
        domain = domains[node]
        if domain is not None:
            found[domain][node] += count
    return found
