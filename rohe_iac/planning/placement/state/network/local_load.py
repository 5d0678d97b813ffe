"""Local load: what a flow between replicas of one domain puts on the links within the domain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rohe_iac.planning.placement.state.network.routes import Routes
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex


@dataclass(frozen=True, slots=True)
class LocalLoad:
    """A local flow with a bandwidth.

    Each sender has an equal part of the bandwidth, which it sends in equal parts, rounded up, to the receivers of its
    domain. So what a pair of replicas exchanges depends on how many receivers the domain has.

    Attributes:
        source, sink: The demands that send and receive.
        bandwidth: Bits a second of all senders together.
        senders: Replicas that the source asks for.
        key: The topology key of the domains.
    """

    source: DemandIndex
    sink: DemandIndex
    bandwidth: int
    senders: int
    key: str

    def of_links(
        self,
        routes: Routes,
        domains: Sequence[int],
        placed: Sequence[Mapping[NodeIndex, int]],
        added: tuple[DemandIndex, NodeIndex] | None = None,
    ) -> dict[int, int]:
        """Returns the bits a second of each link that the flow loads.

        Args:
            routes: How nodes reach each other.
            domains: The domain of each node under the key; -1 for none.
            placed: Replicas by node of each demand.
            added: A demand and the node of one more replica of it.
        """
        sources, sinks = _by_domain(domains, placed[self.source]), _by_domain(domains, placed[self.sink])
        if added is not None:
            demand, node = added
            if domains[node] >= 0:
                ends = sources if demand == self.source else sinks
                ends[domains[node]][node] += 1
        loads: dict[int, int] = {}
        for domain, senders in sources.items():
            receivers = sinks.get(domain)
            if not receivers:
                continue
            share = -(-self.bandwidth // (max(1, self.senders) * sum(receivers.values())))
            for node, number in senders.items():
                for other, others in receivers.items():
                    route = routes.between(node, other)
                    if route is not None and route[1] >= 0:
                        loads[route[1]] = loads.get(route[1], 0) + share * number * others
        return loads


def _by_domain(domains: Sequence[int], replicas: Mapping[NodeIndex, int]) -> dict[int, dict[NodeIndex, int]]:
    """Returns replicas by domain and node, without those in no domain."""
    found = defaultdict[int, dict[NodeIndex, int]](lambda: defaultdict(int))
    for node, number in replicas.items():
        if domains[node] >= 0:
            found[domains[node]][node] += number
    return found
