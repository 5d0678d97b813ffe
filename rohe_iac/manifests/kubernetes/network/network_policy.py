"""NetworkPolicy: who may reach the pods of a workload, and whom they may reach, as flows and contracts say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.local_flow import LocalFlows
from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.manifests.kubernetes.labels import STACK, WORKLOAD
from rohe_iac.manifests.kubernetes.network.local_policy import LocalPolicies
from rohe_iac.manifests.kubernetes.ports import BROKER_PORTS, container_ports, policy_port, policy_ports
from rohe_iac.planning.model.plan import Placement

DNS: dict[str, Any] = {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]}
"""DNS servers may be pods, or caches on the node that no selector finds, so only the port says what they are."""

_URL_PORTS = {**BROKER_PORTS, "ws": 80, "wss": 443, "amqp": 5672, "amqps": 5671}
"""The port of a broker by the scheme of its URL, where the URL names none."""


@dataclass(frozen=True)
class NetworkRules:
    """The rules of every workload of a stack.

    Attributes:
        blueprint: The blueprint.
        workloads: Its workloads by address.
        connected: The pipelines whose services are clients of the broker.
        placements: All replicas of the plan.
    """

    blueprint: Blueprint
    workloads: Mapping[str, Workload]
    connected: frozenset[str]
    placements: Sequence[Placement]

    def policies(self, workload: Workload) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yields the policies of a workload, each its name and the values of its document: first that of all its pods.

        The others are those of local flows, for the pods of each domain.
        """
        rules = {"ingress": self.ingress(workload), "egress": self.egress(workload)}
        yield workload.slug, {"expressions": [], **rules}
        yield from self.local.of(workload)

    def ingress(self, workload: Workload) -> list[dict[str, Any]]:
        """Returns who may reach the pods of a workload.

        A service that no other calls is the entry of its pipeline, so everybody may; a port of the node likewise.
        Who calls by a local flow is in policies of its own. What runs once `after` the service, such as a migration of
        a database, has no flow to it, and may reach it.
        """
        ports = policy_ports(workload)
        if not ports:
            return []
        if workload.role == "broker":
            return [{"from": [{"podSelector": {"matchLabels": {STACK: self._stack}}}], "ports": ports}]
        callers = self._neighbours["to", workload.pipeline, workload.service.name]
        anywhere = [caller for caller in callers if not self._is_local(caller, workload)]
        anywhere += self._neighbours["before", workload.pipeline, workload.service.name]
        peers = [self._pods(anywhere)] if anywhere else []
        networks = [{"ipBlock": {"cidr": cidr}} for cidr in workload.service.kubernetes.ingress]
        if not callers and not networks:
            return [{"ports": ports}]
        on_node = [
            policy_port(number, port.protocol)
            for port, number in container_ports(workload)
            if port.host_port is not None
        ]
        general = [{"from": peers + networks, "ports": ports}] if peers or networks else []
        return [*general, *([{"ports": on_node}] if on_node else [])]

    def egress(self, workload: Workload) -> list[dict[str, Any]]:
        """Returns whom the pods of a workload may reach: DNS, the broker, the services it calls, stated networks.

        What runs once may reach the services that it is `after`.
        """
        if workload.role == "broker":
            return []
        rules = [DNS]
        if workload.role == "agent" or workload.pipeline in self.connected:
            rules += self._broker
        if workload.role == "agent":
            rules += self._amqp
        if workload.role == "service":
            by_ports: dict[str, tuple[list[dict[str, Any]], list[Workload]]] = {}
            owner = (workload.pipeline, workload.service.name)
            for called in [*self._neighbours["from", *owner], *self._neighbours["after", *owner]]:
                if (ports := policy_ports(called)) and not self._is_local(workload, called):
                    by_ports.setdefault(repr(ports), (ports, []))[1].append(called)
            rules += [{"to": [self._pods(called)], "ports": ports} for ports, called in by_ports.values()]
            networks = [{"ipBlock": {"cidr": cidr}} for cidr in workload.service.kubernetes.egress]
            rules += [{"to": networks}] if networks else []
        return rules

    @cached_property
    def local(self) -> LocalPolicies:
        """The policies of local flows."""
        return LocalPolicies(self._stack, LocalFlows(self.blueprint), self.workloads, self.placements)

    def _is_local(self, source: Workload, sink: Workload) -> bool:
        """Checks whether the flow between two workloads stays within domains, which policies of their own allow."""
        return (source.pipeline, source.service.name, sink.service.name) in self.local.flows.keys

    @property
    def _amqp(self) -> list[dict[str, Any]]:
        amqp = self.blueprint.stack.spec.amqp
        if amqp is None:
            return []
        url = urlsplit(amqp.url)
        return [{"ports": [{"port": url.port or _URL_PORTS[url.scheme]}]}]

    @property
    def _stack(self) -> str:
        return self.blueprint.stack.metadata.name

    def _pods(self, workloads: Iterable[Workload]) -> dict[str, Any]:
        slugs = sorted({workload.slug for workload in workloads})
        expression = {"key": WORKLOAD, "operator": "In", "values": slugs}
        return {"podSelector": {"matchLabels": {STACK: self._stack}, "matchExpressions": [expression]}}

    @cached_property
    def _neighbours(self) -> Mapping[tuple[str, str, str], list[Workload]]:
        """Returns the workloads that call a service (`to`), and those that it calls (`from`), by pipeline and name.

        Likewise those that run once after it (`before`), and those that it runs once after (`after`).
        """
        members: dict[tuple[str, str], list[Workload]] = {}
        for workload in self.workloads.values():
            members.setdefault((workload.pipeline, workload.service.name), []).append(workload)
        found: dict[tuple[str, str, str], list[Workload]] = {
            (end, pipeline, name): [] for pipeline, name in members for end in ("from", "to", "before", "after")
        }
        for pipeline in self.blueprint.pipelines:
            owner = pipeline.metadata.name
            for link in pipeline.spec.flow:
                found["from", owner, link.from_] += members.get((owner, link.to), [])
                found["to", owner, link.to] += members.get((owner, link.from_), [])
            for service in pipeline.spec.services:
                for name in service.after if service.run_once else ():
                    found["after", owner, service.name] += members.get((owner, name), [])
                    found["before", owner, name] += members.get((owner, service.name), [])
        return found

    @cached_property
    def _broker(self) -> list[dict[str, Any]]:
        own = [workload for workload in self.workloads.values() if workload.role == "broker"]
        if own:
            return [{"to": [self._pods(own)], "ports": policy_ports(own[0])}]
        url = urlsplit(self.blueprint.stack.spec.broker.url or "")
        # A policy knows no names of hosts, so the port alone says where the broker is.
        return [{"ports": [{"port": url.port or _URL_PORTS[url.scheme]}]}] if url.scheme else []
