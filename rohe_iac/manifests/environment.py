"""What every replica is told through its environment, the same on every target."""

from __future__ import annotations

import json
from collections.abc import Callable

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import Workload, pipeline_of
from rohe_iac.planning.model.plan import Placement

UrlOf = Callable[[Placement], str | None]
"""Gives the URL that others reach a replica at, or None where it listens on nothing."""


def environment_of(
    blueprint: Blueprint, workload: Workload, placement: Placement, replicas: tuple[Placement, ...], url_of: UrlOf
) -> dict[str, str]:
    """The ROHE_* variables of one replica (ROHE_PORT_<NAME> and ROHE_PEERS among them), without what needs an address
    of the target: ROHE_REPORT_URL, ROHE_REPORT_CREDENTIALS and ROHE_OUTBOX.
    """
    ports = {f"ROHE_PORT_{port.name.upper().replace('-', '_')}": str(port.number) for port in placement.ports}
    return {
        "ROHE_STACK": blueprint.stack.metadata.name,
        "ROHE_PIPELINE": placement.pipeline,
        "ROHE_SERVICE": placement.service,
        "ROHE_MEMBER": placement.member,
        "ROHE_INSTANCE": placement.instance,
        "ROHE_NODE": placement.node,
        "ROHE_TOPIC": workload.topic,
        **ports,
        "ROHE_PEERS": json.dumps(peers(blueprint, placement, replicas, url_of), sort_keys=True, separators=(",", ":")),
    }


def peers(
    blueprint: Blueprint, placement: Placement, replicas: tuple[Placement, ...], url_of: UrlOf
) -> dict[str, dict[str, list[str]]]:
    """`{service: {member or "": [url, ...]}}` of the services that the flow leads to from this replica's service."""
    links = pipeline_of(blueprint, placement.pipeline).spec.flow
    found: dict[str, dict[str, list[str]]] = {}
    for target in sorted({link.to for link in links if link.from_ == placement.service}):
        members: dict[str, list[str]] = {}
        for other in replicas:
            if other.pipeline == placement.pipeline and other.service == target:
                url = url_of(other)
                urls = members.setdefault(other.member, [])
                # On a cluster all replicas of a member stand behind one URL.
                if url is not None and url not in urls:
                    urls.append(url)
        found[target] = members
    return found
