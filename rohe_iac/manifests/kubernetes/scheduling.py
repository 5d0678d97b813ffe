"""Scheduling: what the rules of placement of a service are in the words of the scheduler."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.foundation.quantities import shown_bandwidth

TOPOLOGY_LABELS = {"node": "kubernetes.io/hostname", "zone": "topology.kubernetes.io/zone"}
"""The labels of a cluster's nodes for the topology keys that have a meaning of their own."""


def preferred_nodes(service: Service) -> list[dict[str, Any]]:
    """Returns the preferred labels of nodes as terms of a node affinity."""
    return [
        {
            "weight": rule.weight,
            "preference": {
                "matchExpressions": [
                    {"key": TOPOLOGY_LABELS.get(key, key), "operator": "In", "values": [value]}
                    for key, value in sorted(rule.node_selector.items())
                ]
            },
        }
        for rule in service.placement.prefer
    ]


def topology_spread(service: Service, workload: Workload) -> list[dict[str, Any]]:
    """Returns the skews of a service as topology spread constraints over the pods of its workload.

    Domains count only where the pod may go, tainted nodes included in that, as the planner counts them.
    """
    return [
        {
            "maxSkew": rule.max_skew,
            "topologyKey": TOPOLOGY_LABELS.get(rule.topology_key, rule.topology_key),
            "whenUnsatisfiable": "DoNotSchedule" if rule.required else "ScheduleAnyway",
            "labelSelector": {"matchLabels": {"rohe.dev/workload": workload.slug}},
            "nodeTaintsPolicy": "Honor",
        }
        for rule in service.placement.spread
        if rule.max_skew is not None
    ]


def tolerations(service: Service) -> list[dict[str, str]]:
    """Returns the tolerations of a service as a pod has them."""
    return [
        {key: value for key, value in toleration.model_dump().items() if value}
        for toleration in service.placement.tolerations
    ]


def pod_annotations(service: Service) -> dict[str, str]:
    """Returns what a cluster has no resource for: the planned bandwidth of the node's network interface."""
    return {"rohe.dev/network": shown_bandwidth(service.requests.network)} if service.requests.network else {}
