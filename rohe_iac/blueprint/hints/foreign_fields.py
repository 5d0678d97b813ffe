"""Fields of Kubernetes, Docker Compose, Nomad, Terraform and other tools, and where each has its place here."""

from __future__ import annotations

from collections.abc import Callable

_PER_NODE = "replicas: perNode, for one replica on each node"
_REQUESTED_DEVICES = ("requests.accelerators: {gpu: {count: 1}}", "accelerators: {gpu: {count: 1}}")
_LABEL = ("placement.nodeSelector: {zone: ...}", "nodeSelector: {zone: ...}", "labels: {zone: ...}")
_NODE = ("placement.nodeSelector: {node: ...}", "nodeSelector: {node: ...}")

_RSS = "{rss: ...}"

PLACES: dict[str, tuple[str, ...]] = {
    "affinity": ("placement.near: and avoid", "near: and avoid"),
    "avg": ("mean",),
    "build": ("image: one that is built already",),
    "configs": ("files: each with its path",),
    "containers": ("services", "spec.services"),
    "count": ("replicas",),
    "cpu": ("requests.cpu",),
    "cpu_limit": ("limits.cpu",),
    "cpus": ("cpu", "requests.cpu"),
    "cronJob": ("runOnce: true, for what runs to its end",),
    "daemonSet": (_PER_NODE,),
    "daemonset": (_PER_NODE,),
    "dependsOn": ("after",),
    "depends_on": ("after",),
    "deploy": ("replicas: requests, limits and placement, without deploy around them",),
    "devices": _REQUESTED_DEVICES,
    "entrypoint": ("command",),
    "envFile": ("envFrom",),
    "env_file": ("envFrom",),
    "environment": ("env",),
    "global": (_PER_NODE,),
    "gpu": (*_REQUESTED_DEVICES, "accelerator"),
    "gpus": (*_REQUESTED_DEVICES, "accelerator"),
    "healthcheck": ("health: {readiness: ...}",),
    "httpGet": ("http",),
    "imagePullSecrets": ("pullSecrets",),
    "initContainers": ("init",),
    "instances": ("replicas",),
    "job": ("runOnce: true, for what runs to its end",),
    "livenessProbe": ("health.liveness", "liveness"),
    "mem": ("memory: {rss: ...}", "requests.memory: {rss: ...}", "memory"),
    "mem_limit": ("limits.memory", "memory: {rss: ...}", "memory"),
    "mem_reservation": ("requests.memory: {rss: ...}", "memory: {rss: ...}"),
    "memory": ("requests.memory: {rss: ...}",),
    "mode": (_PER_NODE,),
    "namespace": ("target.kubernetes.namespace", "kubernetes.namespace"),
    "nodeAffinity": ("placement.nodeSelector", "nodeSelector"),
    "nodeName": _NODE,
    "nodeSelector": ("placement.nodeSelector",),
    "platform": ("arch",),
    "podAffinity": ("near", "placement.near"),
    "podAntiAffinity": ("avoid", "placement.avoid"),
    "port": ("containerPort", "ports: [{name: http, containerPort: ...}]"),
    "preferredDuringSchedulingIgnoredDuringExecution": ("prefer", "placement.prefer"),
    "pull_secrets": ("pullSecrets",),
    "ram": ("memory: {rss: ...}", "requests.memory: {rss: ...}", "memory"),
    "readinessProbe": ("health.readiness", "readiness"),
    "resources": ("requests: and limits, without resources around them",),
    "runAsUser": ("user",),
    "scale": ("replicas",),
    "secrets": ("env: {NAME: {secret: ...}}, or files with secret",),
    "securityContext": ("kubernetes.securityContext",),
    "source": ("from",),
    "startupProbe": ("health.startup", "startup"),
    "stop_grace_period": ("terminationGracePeriod",),
    "target": ("to",),
    "targetPort": ("containerPort",),
    "tcpSocket": ("tcp",),
    "template": ("services: directly under spec", "spec.services", "image: and all else, without template around it"),
    "topologySpreadConstraints": ("placement.spread", "spread"),
    "valueFrom": ("secret: {name: ..., key: ...}",),
    "variables": ("env", "values", "inputs"),
    "volumeMounts": ("volumes: each with its path",),
    "zone": _LABEL,
}
"""A field of other tools -> its places here, the first that exists beside it is told.

A place is a path of fields, dots between them; after a colon follows what belongs there. A place of one field and no
remark is the same field under another name.
"""

LEFT_OUT = {
    "imagePullPolicy": "leave it out",
    "image_pull_policy": "leave it out",
    "restart": "leave it out: what ends is started again",
    "restartPolicy": "leave it out: what ends is started again",
}
"""Fields of other tools that nothing here stands for."""


def place_of(term: str, exists: Callable[[tuple[str, ...]], bool]) -> tuple[tuple[str, ...], str] | None:
    """Returns the path of fields that a foreign field is here, and a remark about it; None where there is no place.

    Args:
        term: The foreign field.
        exists: Checks whether a path of fields exists, beginning beside the foreign field.
    """
    for place in PLACES.get(term, ()):
        path, _, remark = place.partition(":")
        steps = tuple(path.split("."))
        # Memory is a mapping in some places, and a number or an amount in others.
        if exists(steps) and (_RSS not in remark or exists((*steps, "rss"))):
            return steps, remark.strip()
    return None


def foreign_hint(term: str, exists: Callable[[tuple[str, ...]], bool]) -> str:
    """Returns a hint where a foreign field has its place here; "" where it has none. Arguments as `place_of`."""
    if term in LEFT_OUT:
        return LEFT_OUT[term]
    place = place_of(term, exists)
    if place is None:
        return ""
    (*above, field), remark = place
    joined = ": " if remark[:1] in tuple("{[") or remark.startswith(("perNode", "true")) else ", "
    written = f"{field}{joined}{remark}" if remark else field
    return f"here it is {written}{', under ' + '.'.join(above) if above else ''}"
