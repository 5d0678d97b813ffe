"""Environment: the ROHE_* variables that every replica gets, the same on every target."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from rohe_iac.blueprint.language.pipeline import Balancing, Service
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import Workload, balancing_of
from rohe_iac.planning.model.plan import Placement

UrlOf = Callable[[Placement], str | None]
"""Returns the URL at which other replicas reach a replica, or None where that replica listens on no port."""


@dataclass(frozen=True)
class PeerUrls:
    """Who the replicas of each service call; worked out once for all replicas of a service.

    Attributes:
        blueprint: The blueprint that the plan was made of.
        replicas: Every placed replica of the stack's services.
        url_of: Returns the URL of a replica on the target.
    """

    blueprint: Blueprint
    replicas: tuple[Placement, ...]
    url_of: UrlOf
    _variables: dict[tuple[str, str], dict[str, str]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def variables(self, pipeline: str, service: str) -> dict[str, str]:
        """Returns ROHE_PEERS and ROHE_BALANCING of every replica of a service: `peers` and `balancing` as JSON."""
        key = (pipeline, service)
        if key not in self._variables:
            values = {
                "ROHE_PEERS": self.peers(pipeline, service),
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
            for sink in sorted(self._sinks.get((pipeline, service), ()))
        }

    def peers(self, pipeline: str, service: str) -> dict[str, dict[str, list[str]]]:
        """Returns the URLs of the services that the flow leads to from a service.

        Returns:
            URLs by service and by member, in the order of `replicas`; the member is "" where the service is no
            ensemble.
        """
        services: dict[str, dict[str, list[str]]] = {}
        for sink in sorted(self._sinks.get((pipeline, service), ())):
            members: dict[str, dict[str, None]] = {}
            for replica in self._by_service.get((pipeline, sink), ()):
                url = self.url_of(replica)
                urls = members.setdefault(replica.member, {})
                if url is not None:
                    urls[url] = None
            # On a cluster all replicas of a member stand behind one URL.
            services[sink] = {member: list(urls) for member, urls in members.items()}
        return services

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
    def _sinks(self) -> dict[tuple[str, str], set[str]]:
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for pipeline in self.blueprint.pipelines:
            for link in pipeline.spec.flow:
                found[pipeline.metadata.name, link.from_].add(link.to)
        return found


def environment_of(peer_urls: PeerUrls, workload: Workload, placement: Placement) -> dict[str, str]:
    """Returns the variables of one replica that follow from the plan alone.

    Each target adds ROHE_INSTANCE, ROHE_PORT_<NAME>, ROHE_REPORT_URL, ROHE_REPORT_CREDENTIALS, ROHE_OUTBOX and
    ROHE_GRACE, whose values only that target knows. All names are in `REPLICA_VARIABLES` of the language.

    Args:
        peer_urls: Who the replicas of the stack call.
        workload: The workload of the replica.
        placement: The replica.
    """
    return {
        "ROHE_STACK": peer_urls.blueprint.stack.metadata.name,
        "ROHE_PIPELINE": placement.pipeline,
        "ROHE_SERVICE": placement.service,
        "ROHE_MEMBER": placement.member,
        "ROHE_NODE": placement.node,
        "ROHE_TOPIC": workload.topic,
        **peer_urls.variables(placement.pipeline, placement.service),
    }
