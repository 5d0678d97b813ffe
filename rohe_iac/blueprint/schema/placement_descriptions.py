"""The meaning of each field about where replicas may go, with an example."""

# One line a field reads better than the line length.

from __future__ import annotations

PLACEMENT_FIELDS: dict[str, tuple[str, str]] = {
    "PlacementRules.nodeSelector": (
        "Labels that the node must have: one value, one of several, or a condition; `node` is the node's name.",
        "{zone: [lab-1, lab-2], disk: {not: hdd}, camera: {exists: true}}",
    ),
    "LabelCondition.not": ("A value, or several, that the label must not have; it may be absent.", "[hdd, tape]"),
    "LabelCondition.exists": ("`true`: the node has the label; `false`: it does not.", "true"),
    "PlacementRules.prefer": (
        "Labels that the node preferably has, with weights; a replica goes elsewhere rather than nowhere.",
        "[{nodeSelector: {disk: ssd}, weight: 10}]",
    ),
    "PlacementRules.tolerations": ("Taints that the replica tolerates.", "[{key: camera-lan, operator: Exists}]"),
    "PlacementRules.spread": (
        "At most so many replicas in one domain, or so many more than in another.",
        "[{topologyKey: node, maxPerDomain: 1}, {topologyKey: zone, maxSkew: 1}]",
    ),
    "PlacementRules.avoid": (
        "Services to stay away from.",
        "[{service: object-detection, topologyKey: node, required: true}]",
    ),
    "PlacementRules.near": (
        "Services to be near to.",
        "[{service: image-sharpening, topologyKey: zone, required: false}]",
    ),
    "Toleration.key": ("The taint's key.", "camera-lan"),
    "Toleration.operator": ("`Exists`: any value; `Equal`: this value.", "Exists"),
    "Toleration.value": ("The taint's value, with `Equal`.", "front"),
    "Toleration.effect": ("The taint's effect; absent: any.", "NoSchedule"),
    "Toleration.tolerationSeconds": (
        "How long a replica stays on a node with the taint, of effect NoExecute, in a cluster; absent: without end.",
        "5m",
    ),
    "Spread.topologyKey": ("`node`, `zone`, or any label of nodes.", "node"),
    "Spread.maxPerDomain": ("The most replicas of the service in one domain; 1 where maxSkew is absent too.", "1"),
    "Spread.maxSkew": (
        "How many more replicas a domain may have than the one with fewest, of all that the service may use.",
        "1",
    ),
    "Spread.required": ("Whether maxSkew is a rule or only preferred.", "false"),
    "Service.reserve": ("Room kept free so that the service can be updated; absent: as the stack says.", "{update: 1}"),
    "PlannerSettings.reserve": ("The same for every service that does not say otherwise.", "{update: 1}"),
    "Reserve.update": (
        "For how many more replicas there is room, on any nodes that can take them, beside that of other services.",
        "1",
    ),
    "PreferredNodes.nodeSelector": ("Labels that the node has, all of them.", "{disk: ssd}"),
    "PreferredNodes.weight": ("1 to 100, among the preferences of the service; other preferred rules count 1.", "10"),
    "Affinity.service": ("The other service.", "object-detection"),
    "Affinity.topologyKey": ("`node`, `zone`, or any label of nodes.", "zone"),
    "Affinity.required": ("Whether it is a rule or only preferred.", "false"),
}
"""Fields of the models in `language/placement.py`, and those that hold them."""
