"""Environment: the ROHE_* variables that every replica gets, the same on every target."""

from __future__ import annotations

import json
from collections.abc import Callable

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import Workload, pipeline_of
from rohe_iac.planning.model.plan import Placement

UrlOf = Callable[[Placement], str | None]
"""Returns the URL at which other replicas reach a replica, or None where that replica listens on no port."""


def environment_of(
    blueprint: Blueprint, workload: Workload, placement: Placement, replicas: tuple[Placement, ...], url_of: UrlOf
) -> dict[str, str]:
    """Returns the variables of one replica that follow from the plan alone.

    Each target adds ROHE_INSTANCE, ROHE_PORT_<NAME>, ROHE_REPORT_URL, ROHE_REPORT_CREDENTIALS and ROHE_OUTBOX, whose
    values only that target knows. All names are in `REPLICA_VARIABLES` of the language.

    Args:
        blueprint: The blueprint that the plan was made of.
        workload: The workload of the replica.
        placement: The replica.
        replicas: Every placed replica of the stack's services.
        url_of: Returns the URL of a replica on the target.
    """
    return {
        "ROHE_STACK": blueprint.stack.metadata.name,
        "ROHE_PIPELINE": placement.pipeline,
        "ROHE_SERVICE": placement.service,
        "ROHE_MEMBER": placement.member,
        "ROHE_NODE": placement.node,
        "ROHE_TOPIC": workload.topic,
        "ROHE_PEERS": json.dumps(peers(blueprint, placement, replicas, url_of), sort_keys=True, separators=(",", ":")),
    }


def peers(
    blueprint: Blueprint, placement: Placement, replicas: tuple[Placement, ...], url_of: UrlOf
) -> dict[str, dict[str, list[str]]]:
    """Returns the URLs of the services that the flow leads to from the replica's service.

    Returns:
        URLs by service and by member, in the order of `replicas`; the member is "" where the service is no ensemble.
    """
    links = pipeline_of(blueprint, placement.pipeline).spec.flow
    services: dict[str, dict[str, list[str]]] = {}
    for service in sorted({link.to for link in links if link.from_ == placement.service}):
        members: dict[str, list[str]] = {}
        for replica in replicas:
            if replica.pipeline == placement.pipeline and replica.service == service:
                url = url_of(replica)
                urls = members.setdefault(replica.member, [])
                # On a cluster all replicas of a member stand behind one URL.
                if url is not None and url not in urls:
                    urls.append(url)
        services[service] = members
    return services
