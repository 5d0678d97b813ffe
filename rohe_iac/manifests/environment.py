"""Environment: the ROHE_* variables that every replica gets, the same on every target."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rohe_iac.blueprint.language.pipeline import Balancing, Link, Service
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.local_flow import LocalFlows
from rohe_iac.blueprint.linked.workload import Workload, balancing_of
from rohe_iac.foundation.names import instance_id
from rohe_iac.planning.model.plan import Placement

CLIENT_ID = "INSTANCE_ID"
"""The variable of which QoA4ML's client takes its id, where services report over AMQP."""

UrlOf = Callable[[Placement, bool], str | None]
"""Returns the URL at which others reach a replica, None where it listens on no port; the flag asks for this replica
alone, where its target would otherwise name what stands before all replicas of its workload."""


@dataclass(frozen=True)
class PeerUrls:
    """Who the replicas of each service call; worked out once for all replicas of a service that call the same.

    Attributes:
        blueprint: The blueprint that the plan was made of.
        replicas: Every placed replica of the stack's services.
        url_of: Returns the URL of a replica on the target.
    """

    blueprint: Blueprint
    replicas: tuple[Placement, ...]
    url_of: UrlOf
    _variables: dict[tuple[str, ...], dict[str, str]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    _by_domain: dict[tuple[str, str, str], Mapping[str | None, Sequence[Placement]]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def variables(self, pipeline: str, service: str, node: str) -> dict[str, str]:
        """Returns ROHE_PEERS and ROHE_BALANCING of a service's replicas on a node: `peers` and `balancing` as JSON."""
        keys = sorted({link.within for link in self._sinks.get((pipeline, service), {}).values() if link.within})
        key = (pipeline, service, *(str(self._local_flows.domain(node, within)) for within in keys))
        if key not in self._variables:
            values = {
                "ROHE_PEERS": self.peers(pipeline, service, node),
                "ROHE_BALANCING": self.balancing(pipeline, service),
            }
            self._variables[key] = {
                name: json.dumps(value, sort_keys=True, separators=(",", ":")) for name, value in values.items()
            }
        return self._variables[key]

    def balancing(self, pipeline: str, service: str) -> dict[str, Balancing]:
        """Returns how requests are spread over the replicas of each service that the flow leads to from a service."""
        return {
            sink: balancing_of(self.blueprint, self._services[pipeline, sink])
            for sink in sorted(self._sinks.get((pipeline, service), {}))
        }

    def peers(self, pipeline: str, service: str, node: str) -> dict[str, dict[str, list[str]]]:
        """Returns the URLs of the services that the flow leads to from a service's replicas on a node.

        Of a local flow these are the URLs of the replicas in the domain of the node.

        Returns:
            URLs by service and by member, in the order of `replicas`; the member is "" where the service is no
            ensemble.
        """
        services: dict[str, dict[str, list[str]]] = {}
        for sink, link in sorted(self._sinks.get((pipeline, service), {}).items()):
            members: dict[str, dict[str, None]] = {}
            for replica in self._reached(pipeline, link, node):
                url = self.url_of(replica, link.within is not None)
                urls = members.setdefault(replica.member, {})
                if url is not None:
                    urls[url] = None
            # On a cluster all replicas of a member stand behind one URL.
            services[sink] = {member: list(urls) for member, urls in members.items()}
        return services

    def replicas_of(self, pipeline: str, service: str) -> tuple[Placement, ...]:
        """Returns the placed replicas of a service, in the order of `replicas`."""
        return tuple(self._by_service.get((pipeline, service), ()))

    @cached_property
    def _by_service(self) -> dict[tuple[str, str], list[Placement]]:
        found: dict[tuple[str, str], list[Placement]] = defaultdict(list)
        for replica in self.replicas:
            found[replica.pipeline, replica.service].append(replica)
        return found

    @cached_property
    def _services(self) -> dict[tuple[str, str], Service]:
        return {
            (pipeline.metadata.name, service.name): service
            for pipeline in self.blueprint.pipelines
            for service in pipeline.spec.services
        }

    @cached_property
    def _sinks(self) -> dict[tuple[str, str], dict[str, Link]]:
        found: dict[tuple[str, str], dict[str, Link]] = defaultdict(dict)
        for pipeline in self.blueprint.pipelines:
            for link in pipeline.spec.flow:
                found[pipeline.metadata.name, link.from_][link.to] = link
        return found

    def _reached(self, pipeline: str, link: Link, node: str) -> Sequence[Placement]:
        """Returns the replicas that a flow leads to from a node."""
        if link.within is None:
            return self._by_service.get((pipeline, link.to), ())
        key = (pipeline, link.to, link.within)
        if key not in self._by_domain:
            found: dict[str | None, list[Placement]] = defaultdict(list)
            for replica in self._by_service.get((pipeline, link.to), ()):
                found[self._local_flows.domain(replica.node, link.within)].append(replica)
            found.pop(None, None)  # nodes without the label are in no domain
            self._by_domain[key] = found
        return self._by_domain[key].get(self._local_flows.domain(node, link.within), ())

    @cached_property
    def _local_flows(self) -> LocalFlows:
        return LocalFlows(self.blueprint)


def environment_of(peer_urls: PeerUrls, workload: Workload, placement: Placement) -> dict[str, str]:
    """Returns the variables of one replica that follow from the plan alone.

    Each target adds ROHE_INSTANCE, ROHE_PORT_<NAME>, ROHE_REPORT_URL, ROHE_REPORT_CREDENTIALS, ROHE_OUTBOX and
    ROHE_GRACE, whose values only that target knows. All names are in `REPLICA_VARIABLES` of the language.

    Args:
        peer_urls: Who the replicas of the stack call.
        workload: The workload of the replica.
        placement: The replica.
    """
    stack = peer_urls.blueprint.stack
    over_amqp = stack.spec.amqp is not None and CLIENT_ID not in workload.service.env
    return {
        **({CLIENT_ID: instance_id(stack.metadata.name, placement.instance)} if over_amqp else {}),
        "ROHE_STACK": stack.metadata.name,
        "ROHE_PIPELINE": placement.pipeline,
        "ROHE_SERVICE": placement.service,
        "ROHE_MEMBER": placement.member,
        "ROHE_NODE": placement.node,
        "ROHE_TOPIC": workload.topic,
        **peer_urls.variables(placement.pipeline, placement.service, placement.node),
    }
