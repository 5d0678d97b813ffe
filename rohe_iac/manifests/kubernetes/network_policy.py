"""NetworkPolicy: who may reach the pods of a workload, and whom they may reach, as flows and contracts say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.manifests.kubernetes.labels import STACK, WORKLOAD
from rohe_iac.manifests.kubernetes.ports import BROKER_PORTS, container_ports

DNS: dict[str, Any] = {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]}
"""DNS servers may be pods, or caches on the node that no selector finds, so only the port says what they are."""

_URL_PORTS = {**BROKER_PORTS, "ws": 80, "wss": 443}
"""The port of a broker by the scheme of its URL, where the URL names none."""


@dataclass(frozen=True)
class NetworkRules:
    """The rules of every workload of a stack.

    Attributes:
        blueprint: The blueprint.
        workloads: Its workloads by address.
        connected: The pipelines whose services are clients of the broker.
    """

    blueprint: Blueprint
    workloads: Mapping[str, Workload]
    connected: frozenset[str]

    def ingress(self, workload: Workload) -> list[dict[str, Any]]:
        """Returns who may reach the pods of a workload.

        A service that no other calls is the entry of its pipeline, so everybody may; a port of the node likewise.
        """
        ports = _ports(workload)
        if not ports:
            return []
        if workload.role == "broker":
            return [{"from": [{"podSelector": {"matchLabels": {STACK: self._stack}}}], "ports": ports}]
        callers = self._neighbours["to", workload.pipeline, workload.service.name]
        peers = [self._pods(callers)] if callers else []
        networks = [{"ipBlock": {"cidr": cidr}} for cidr in workload.service.kubernetes.ingress]
        if not callers and not networks:
            return [{"ports": ports}]
        on_node = [
            _port(number, port.protocol) for port, number in container_ports(workload) if port.host_port is not None
        ]
        return [{"from": peers + networks, "ports": ports}, *([{"ports": on_node}] if on_node else [])]

    def egress(self, workload: Workload) -> list[dict[str, Any]]:
        """Returns whom the pods of a workload may reach: DNS, the broker, the services it calls, stated networks."""
        if workload.role == "broker":
            return []
        rules = [DNS]
        if workload.role == "agent" or workload.pipeline in self.connected:
            rules += self._broker
        if workload.role == "service":
            by_ports: dict[str, tuple[list[dict[str, Any]], list[Workload]]] = {}
            for called in self._neighbours["from", workload.pipeline, workload.service.name]:
                if ports := _ports(called):
                    by_ports.setdefault(repr(ports), (ports, []))[1].append(called)
            rules += [{"to": [self._pods(called)], "ports": ports} for ports, called in by_ports.values()]
            networks = [{"ipBlock": {"cidr": cidr}} for cidr in workload.service.kubernetes.egress]
            rules += [{"to": networks}] if networks else []
        return rules

    @property
    def _stack(self) -> str:
        return self.blueprint.stack.metadata.name

    def _pods(self, workloads: Iterable[Workload]) -> dict[str, Any]:
        slugs = sorted({workload.slug for workload in workloads})
        expression = {"key": WORKLOAD, "operator": "In", "values": slugs}
        return {"podSelector": {"matchLabels": {STACK: self._stack}, "matchExpressions": [expression]}}

    @cached_property
    def _neighbours(self) -> Mapping[tuple[str, str, str], list[Workload]]:
        """Returns the workloads that call a service (`to`), and those that it calls (`from`), by pipeline and name."""
        members: dict[tuple[str, str], list[Workload]] = {}
        for workload in self.workloads.values():
            members.setdefault((workload.pipeline, workload.service.name), []).append(workload)
        found: dict[tuple[str, str, str], list[Workload]] = {
            (end, pipeline, name): [] for pipeline, name in members for end in ("from", "to")
        }
        for pipeline in self.blueprint.pipelines:
            owner = pipeline.metadata.name
            for link in pipeline.spec.flow:
                found["from", owner, link.from_] += members.get((owner, link.to), [])
                found["to", owner, link.to] += members.get((owner, link.from_), [])
        return found

    @cached_property
    def _broker(self) -> list[dict[str, Any]]:
        own = [workload for workload in self.workloads.values() if workload.role == "broker"]
        if own:
            return [{"to": [self._pods(own)], "ports": _ports(own[0])}]
        url = urlsplit(self.blueprint.stack.spec.broker.url or "")
        # A policy knows no names of hosts, so the port alone says where the broker is.
        return [{"ports": [{"port": url.port or _URL_PORTS[url.scheme]}]}] if url.scheme else []


def _ports(workload: Workload) -> list[dict[str, Any]]:
    return [_port(number, port.protocol) for port, number in container_ports(workload)]


def _port(number: int, protocol: str) -> dict[str, Any]:
    return {"port": number} | ({"protocol": protocol} if protocol != "TCP" else {})
