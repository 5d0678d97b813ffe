"""NetworkPolicies of local flows: who may reach whom within the domains that a flow stays in.

A cluster knows pods by their labels and not by their nodes, so that the pods of a domain are named one by one, in a
policy beside that of their workload; what a pod may do is the sum of both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rohe_iac.blueprint.linked.local_flow import LocalFlows
from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.manifests.kubernetes.labels import INSTANCE, STACK
from rohe_iac.manifests.kubernetes.ports import policy_ports
from rohe_iac.planning.model.plan import Placement

Domains = tuple[str | None, ...]
"""The domain of a node by each of several topology keys; None where it has no such label."""


@dataclass(frozen=True)
class LocalPolicies:
    """The policies of all local flows of a stack.

    Attributes:
        stack: The name of the stack.
        flows: Its local flows.
        workloads: Its workloads by address.
        placements: All replicas of the plan.
    """

    stack: str
    flows: LocalFlows
    workloads: Mapping[str, Workload]
    placements: Sequence[Placement]

    def of(self, workload: Workload) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yields the policies of a workload, one for all its replicas that are in the same domains.

        Each is its name with `expressions` of its selector, and its rules, `ingress` and `egress`.
        """
        callers, called = self._ends["to", workload.address], self._ends["from", workload.address]
        keys = sorted({key for _, key in (*callers, *called)})
        groups: dict[Domains, list[str]] = defaultdict(list)
        for placement in self._replicas.get(workload.address, ()) if keys else ():
            groups[tuple(self.flows.domain(placement.node, key) for key in keys)].append(placement.instance)
        for domains, instances in sorted(groups.items(), key=lambda group: str(group[0])):
            domain_of = dict(zip(keys, domains, strict=True))
            ports = policy_ports(workload)
            senders = {name for other, key in callers for name in self._replicas_in(other, key, domain_of[key])}
            ingress = [{"from": [self._pods(senders)], "ports": ports}] if senders and ports else []
            egress = [
                {"to": [self._pods(receivers)], "ports": policy_ports(other)}
                for other, key in called
                if (receivers := self._replicas_in(other, key, domain_of[key])) and policy_ports(other)
            ]
            if ingress or egress:
                name = f"{workload.slug}-{sha256_hex(repr(sorted(domain_of.items())).encode())[:8]}"
                yield name, {"expressions": _named(instances), "ingress": ingress, "egress": egress}

    def _replicas_in(self, workload: Workload, key: str, domain: str | None) -> Sequence[str]:
        return () if domain is None else self._by_domain[workload.address, key].get(domain, ())

    def _pods(self, names: Collection[str]) -> dict[str, Any]:
        return {"podSelector": {"matchLabels": {STACK: self.stack}, "matchExpressions": _named(names)}}

    @cached_property
    def _ends(self) -> Mapping[tuple[str, str], list[tuple[Workload, str]]]:
        """The workloads at the other ends of local flows to (`to`) and from (`from`) a workload, with their keys."""
        members: dict[tuple[str, str], list[Workload]] = defaultdict(list)
        for workload in self.workloads.values():
            members[workload.pipeline, workload.service.name].append(workload)
        found: dict[tuple[str, str], list[tuple[Workload, str]]] = defaultdict(list)
        for (pipeline, start, end), key in self.flows.keys.items():
            for source in members[pipeline, start]:
                for sink in members[pipeline, end]:
                    found["from", source.address].append((sink, key))
                    found["to", sink.address].append((source, key))
        return found

    @cached_property
    def _replicas(self) -> Mapping[str, list[Placement]]:
        found: dict[str, list[Placement]] = defaultdict(list)
        for placement in self.placements:
            found[placement.workload].append(placement)
        return found

    @cached_property
    def _by_domain(self) -> Mapping[tuple[str, str], Mapping[str | None, list[str]]]:
        """The replicas of the workloads at the ends of local flows, by workload and key, and by domain."""
        ends = {(other.address, key) for others in self._ends.values() for other, key in others}
        found: dict[tuple[str, str], Mapping[str | None, list[str]]] = {}
        for address, key in ends:
            by_domain: dict[str | None, list[str]] = defaultdict(list)
            for placement in self._replicas.get(address, ()):
                by_domain[self.flows.domain(placement.node, key)].append(placement.instance)
            found[address, key] = by_domain
        return found


def _named(instances: Collection[str]) -> list[dict[str, Any]]:
    """Returns the expressions of a label selector that finds the pods of some replicas."""
    return [{"key": INSTANCE, "operator": "In", "values": sorted(instances)}]
