"""Terms of Kubernetes, Docker Compose and other tools, and how they are written here."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection

FIELDS = {
    "affinity": "near and avoid, under placement",
    "avg": "mean",
    "build": "image: an image that is built already",
    "containers": "services",
    "cpus": "cpu",
    "depends_on": "the pipeline's flow: from and to",
    "deploy": "replicas, requests, limits and placement",
    "entrypoint": "command",
    "environment": "env",
    "gpu": "accelerators",
    "gpus": "accelerators",
    "healthcheck": "health",
    "httpGet": "http",
    "image_pull_policy": "leave it out",
    "imagePullPolicy": "leave it out",
    "initContainers": "services with a flow to this one",
    "livenessProbe": "liveness, under health",
    "namespace": "the stack's target: {kubernetes: {namespace: ...}}",
    "nodeName": "nodeSelector, under placement",
    "nodeAffinity": "nodeSelector",
    "podAffinity": "near",
    "podAntiAffinity": "avoid",
    "port": "containerPort",
    "ram": "memory",
    "readinessProbe": "readiness, under health",
    "resources": "requests and limits, without resources around them",
    "restart": "leave it out: what ends is started again",
    "restartPolicy": "leave it out: what ends is started again",
    "preferredDuringSchedulingIgnoredDuringExecution": "prefer, under placement",
    "securityContext": "securityContext, under kubernetes",
    "stop_grace_period": "terminationGracePeriod",
    "source": "from",
    "startupProbe": "startup, under health",
    "target": "to",
    "targetPort": "containerPort",
    "tcpSocket": "tcp",
    "template": "services, directly under spec",
    "topologySpreadConstraints": "spread, under placement",
    "valueFrom": "{secret: {name: ..., key: ...}}",
    "volumeMounts": "volumes, with path",
    "zone": "labels: {zone: ...}",
}
"""A field of other tools -> the field here, or why there is none. Used only where no field has a similar name."""

VALUES = {
    "=<": "<=", "=>": ">=", "=": "==", "≤": "<=", "≥": ">=", "lt": "<", "lte": "<=", "le": "<=", "gt": ">", "gte": ">=",
    "ge": ">=", "eq": "==", "less": "<", "greater": ">", "up": "running", "ready": "running", "drained": "cordoned",
    "Deployment": "Pipeline", "StatefulSet": "Pipeline", "Service": "Pipeline", "Contract": "ObservationContract",
    "Nodes": "Inventory", "Cluster": "Inventory", "average": "mean", "avg": "mean", "median": "p50", "maximum": "max",
    "minimum": "min", "x86_64": "amd64", "aarch64": "arm64",
}  # fmt: skip
"""A value of other tools -> the value here."""

_MAIN_FIELDS = ("rss", "share", "size", "service", "source", "strategy", "of", "vms", "unit", "metric")
"""Main fields of mappings, the first match of which takes a bare value."""


_FLOW_ARROW = re.compile(r"\s*([a-z0-9-]+)\s*(?:->|=>|→)\s*([a-z0-9-]+)\s*")


_PUBLISHED_PORT = re.compile(r"(?:[\d.]+:)?(\d{1,5}):(\d{1,5})(?:/(tcp|udp))?")


_MAX_LENGTH = 60


def mapping_instead(value: object, fields: Collection[str]) -> str:
    """Returns a hint how to write a value where a mapping with these fields is expected; "" where that is unclear."""
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if not text or len(text) > _MAX_LENGTH:
        return ""
    if "containerPort" in fields:
        return _port_hint(text)
    if "from" in fields and (match := _FLOW_ARROW.fullmatch(text)):
        return _write_hint(f"{{from: {match[1]}, to: {match[2]}}}")
    if re.match(r"[A-Za-z]+:\S", text) and text.partition(":")[0] in fields:
        return "a colon needs a blank after it, as in name: value"
    if {"path", "from"} <= set(fields):
        return _write_hint(f"{{path: /{text.lstrip('/.')}, from: {text}}}")
    if {"path", "port"} <= set(fields):
        return _write_hint(f"{{path: {text}, port: http}}") if text.startswith("/") else ""
    if text in ("http", "tcp") and text in fields:
        return _write_hint("{http: {path: /healthz, port: http}}" if text == "http" else "{tcp: http}")
    if {"share", "count"} <= set(fields) and text.isdecimal():
        return _write_hint(f"{{count: {text}}}")
    if text in fields:
        return _write_hint(f"{{{text}: {{}}}}")
    if "url" in fields and "://" in text:
        return _write_hint(f'{{url: "{text}"}}')
    if "path" in fields and "emptyDir" in fields:
        return _write_hint(f"{{path: {text.rpartition(':')[2]}, size: 1Gi}}")
    for name in _MAIN_FIELDS:
        text = text.removeprefix("service/") if name == "service" else text
        if name in fields and (name != "metric" or text.isidentifier()):
            return _write_hint(f"{{{name}: {text}}}")
    return _write_hint(f"{{name: {text}}}") if "name" in fields and re.fullmatch("[a-z0-9-]+", text) else ""


def _port_hint(text: str) -> str:
    match = _PUBLISHED_PORT.fullmatch(text)
    if match is not None:
        protocol = ", protocol: UDP" if match[3] == "udp" else ""
        return _write_hint(f"{{name: port-{match[2]}, containerPort: {match[2]}, hostPort: {match[1]}{protocol}}}")
    return _write_hint(f"{{name: port-{text}, containerPort: {text}}}") if text.isdecimal() else ""


def list_instead(value: object) -> str:
    """Returns a hint how to write a value where a list is expected; "" where that is unclear."""
    if isinstance(value, str):
        if len(value) > _MAX_LENGTH:
            return "write it as a list"
        try:
            words = shlex.split(value)
        except ValueError:
            words = [value]
        plain = all(re.fullmatch(r"[\w./:=+-]+", word) for word in words)
        return _write_hint(f"[{', '.join(words)}]" if plain else f"[{value}]")
    if isinstance(value, bool):
        return _write_hint(f"[{str(value).lower()}]")
    if isinstance(value, int | float):
        return _write_hint(f"[{value}]")
    if isinstance(value, dict) and value:
        if "name" in value or not all(isinstance(entry, dict | None) for entry in value.values()):
            return "begin each item with a dash: `- ` before its first field"
        first = str(next(iter(value)))[:40]
        return f"begin each item with a dash and its name: `- name: {first}`"
    return ""


def entries_instead(value: object) -> str:
    """Returns a hint how to write a list, or `a=b`, where a mapping with keys of the user is expected."""
    if isinstance(value, str) and re.fullmatch(r"[\w./-]{1,40}=[\w./-]{0,40}", value):
        return _write_hint("{" + value.replace("=", ": ") + "}")
    if not isinstance(value, list) or not value:
        return ""
    first = value[0]
    if isinstance(first, dict) and isinstance(first.get("name"), str):
        return f"write it without dashes: {first['name'][:40]}: ..., one line each"
    if isinstance(first, str) and "=" in first and len(first) <= _MAX_LENGTH:
        name, _, value = first.partition("=")
        return _write_hint(f"{{{name}: {value or '...'}}}")
    return "write it as a mapping: {NAME: ...}"


def _write_hint(text: str) -> str:
    return f"write it as {text}"
