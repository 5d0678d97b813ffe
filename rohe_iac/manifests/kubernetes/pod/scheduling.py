"""Scheduling: what the rules of placement of a service are in the words of the scheduler."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.blueprint.language.placement import requirements_of
from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.foundation.quantities import shown_bandwidth
from rohe_iac.manifests.kubernetes.labels import NETWORK, STACK, WORKLOAD

TOPOLOGY_LABELS = {"node": "kubernetes.io/hostname", "zone": "topology.kubernetes.io/zone"}
"""The labels of a cluster's nodes for the topology keys that have a meaning of their own."""


def preferred_nodes(service: Service) -> list[dict[str, Any]]:
    """Returns the preferred labels of nodes as terms of a node affinity."""
    return [
        {
            "weight": rule.weight,
            "preference": {
                "matchExpressions": [
                    {
                        "key": TOPOLOGY_LABELS.get(wanted.key, wanted.key),
                        "operator": wanted.operator,
                        **({"values": list(wanted.values)} if wanted.values else {}),
                    }
                    for wanted in requirements_of(rule.node_selector)
                ]
            },
        }
        for rule in service.placement.prefer
    ]


def topology_spread(service: Service, workload: Workload, stack: str) -> list[dict[str, Any]]:
    """Returns the skews of a service as topology spread constraints over the pods of its workload.

    Domains count only where the pod may go, tainted nodes included in that, as the planner counts them.
    """
    return [
        {
            "maxSkew": rule.max_skew,
            "topologyKey": TOPOLOGY_LABELS.get(rule.topology_key, rule.topology_key),
            "whenUnsatisfiable": "DoNotSchedule" if rule.required else "ScheduleAnyway",
            "labelSelector": {"matchLabels": {STACK: stack, WORKLOAD: workload.slug}},
            "nodeTaintsPolicy": "Honor",
        }
        for rule in service.placement.spread
        if rule.max_skew is not None
    ]


UNREACHABLE = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
"""Taints of a node that does not answer; the cluster ends pods there after 300 s unless they tolerate the taints."""


def tolerations(service: Service) -> list[dict[str, Any]]:
    """Returns the tolerations of a service as a pod has them.

    A replica stays on a node that does not answer, without end, because the plan says where it belongs: an edge site
    that was offline has the same pods afterwards. A toleration of the service for such a taint replaces that.
    """
    own = []
    for toleration in service.placement.tolerations:
        entry: dict[str, Any] = {
            name: value
            for name in ("key", "operator", "value", "effect")
            if (value := getattr(toleration, name)) and (name, value) != ("operator", "Equal")
        }
        if toleration.toleration_seconds is not None:
            entry["tolerationSeconds"] = round(toleration.toleration_seconds)
        own.append(entry)
    rules = service.placement.tolerations
    stated = {toleration.key for toleration in rules if toleration.effect in (None, "NoExecute")}
    endless = [{"key": key, "operator": "Exists", "effect": "NoExecute"} for key in UNREACHABLE if key not in stated]
    return own + endless


def pod_annotations(service: Service) -> dict[str, str]:
    """Returns what a cluster has no resource for: the planned bandwidth of the node's network interface."""
    return {NETWORK: shown_bandwidth(service.requests.network)} if service.requests.network else {}
