"""Terms of Kubernetes, Docker Compose and other tools, and how they are written here."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection

from rohe_iac.blueprint.hints.change import AS_WRITTEN
from rohe_iac.blueprint.hints.writing import scalar_text

VALUES = {
    "=<": "<=", "=>": ">=", "=": "==", "≤": "<=", "≥": ">=", "lt": "<", "lte": "<=", "le": "<=", "gt": ">", "gte": ">=",
    "ge": ">=", "eq": "==", "less": "<", "greater": ">", "up": "running", "ready": "running", "drained": "cordoned",
    "Deployment": "Pipeline", "StatefulSet": "Pipeline", "Service": "Pipeline", "DaemonSet": "Pipeline",
    "Job": "Pipeline", "CronJob": "Pipeline", "Pod": "Pipeline", "linux/amd64": "amd64", "linux/arm64": "arm64",
    "Contract": "ObservationContract",
    "Nodes": "Inventory", "Cluster": "Inventory", "average": "mean", "avg": "mean", "median": "p50", "maximum": "max",
    "minimum": "min", "x86_64": "amd64", "aarch64": "arm64",
}  # fmt: skip
"""A value of other tools -> the value here."""

_MAIN_FIELDS = (
    "rss",
    "file",
    "topologyKey",
    "share",
    "size",
    "service",
    "source",
    "strategy",
    "of",
    "vms",
    "unit",
    "metric",
)
"""Main fields of mappings, the first match of which takes a bare value."""


_FLOW_ARROW = re.compile(r"\s*([a-z0-9-]+)\s*(?:->|=>|→)\s*([a-z0-9-]+)\s*")


_TAINT = re.compile(r"([\w./-]+)(?:=([\w.-]*))?:(NoSchedule|PreferNoSchedule|NoExecute)")

_FILLED = {"manifests": "{manifests: {directory: manifests}}", "secret": '{secret: "env:NAME"}'}
"""Mappings of one field that cannot be empty."""

_PUBLISHED_PORT = re.compile(r"(?:[\d.]+:)?(\d{1,5}):(\d{1,5})(?:/(tcp|udp))?")


_MAX_LENGTH = 60
_MAX_LIST = 300
_ENTRY = re.compile(r"[\w./-]{1,40}=[\w./-]{0,40}")


def mapping_instead(value: object, fields: Collection[str], required: Collection[str] = ()) -> str:
    """Returns a hint how to write a value where a mapping with these fields is expected; "" where that is unclear.

    Args:
        value: The value.
        fields: The fields of the mapping.
        required: Those of them that it cannot be without.
    """
    if value is None and not required:
        return _write_hint("{}")
    if not isinstance(value, str | int | float) or isinstance(value, bool) or not str(value):
        return ""
    text = str(value)
    return (
        _write_hint(written)
        if len(text) <= _MAX_LENGTH and (written := _mapping_of(text, fields))
        else (
            "a colon needs a blank after it, as in name: value"
            if re.match(r"[A-Za-z]+:\S", text) and text.partition(":")[0] in fields and "url" not in fields
            else ""
        )
    )


def _mapping_of(text: str, fields: Collection[str]) -> str:
    """Returns the mapping that a text stands for, as YAML; "" where that is unclear."""
    if "containerPort" in fields:
        return _port(text)
    if "emptyDir" in fields and "path" in fields:
        return _volume(text)
    if {"path", "from"} <= set(fields):
        source, _, path = text.partition(":")
        path = path.partition(":")[0]
        source = source.removeprefix("./")
        return f"{{path: {scalar_text(path or '/' + source.lstrip('/.'))}, from: {scalar_text(source)}}}"
    if "from" in fields and (match := _FLOW_ARROW.fullmatch(text)):
        return f"{{from: {match[1]}, to: {match[2]}}}"
    if "url" in fields and "://" in text:
        return f'{{url: "{text}"}}'
    if "effect" in fields and (match := _TAINT.fullmatch(text)):
        value = f", value: {scalar_text(match[2])}" if match[2] else ""
        return f"{{key: {match[1]}{value}, effect: {match[3]}}}"
    if re.match(r"[A-Za-z]+:\S", text) and text.partition(":")[0] in fields:
        return ""
    if {"share", "count"} <= set(fields) and (text == "all" or (text.isdecimal() and int(text) > 0)):
        return f"{{count: {1 if text == 'all' else text}}}"
    if text in fields:
        return _FILLED.get(text, f"{{{text}: {{}}}}")
    for name in _MAIN_FIELDS:
        text = text.removeprefix("service/") if name == "service" else text
        if name in fields and (name != "metric" or text.isidentifier()):
            return f"{{{name}: {scalar_text(text)}}}"
    return f"{{name: {text}}}" if "name" in fields and re.fullmatch("[a-z0-9-]+", text) else ""


def _volume(text: str) -> str:
    source, _, path = text.rpartition(":")
    mode = ""
    if path in ("ro", "rw") and source:
        mode, (source, _, path) = (", readOnly: true" if path == "ro" else ""), source.rpartition(":")
    name = "-".join(re.findall("[a-z0-9]+", source.lower()))[:63]
    if not path.startswith("/"):
        return ""
    return (
        f"{{name: {scalar_text(name)}, path: {path}, size: 1Gi{mode}}}" if name else f"{{path: {path}, emptyDir: 1Gi}}"
    )


def _port(text: str) -> str:
    match = _PUBLISHED_PORT.fullmatch(text)
    if match is not None:
        protocol = ", protocol: UDP" if match[3] == "udp" else ""
        return f"{{name: port-{match[2]}, containerPort: {match[2]}, hostPort: {match[1]}{protocol}}}"
    return f"{{name: port-{text}, containerPort: {text}}}" if text.isdecimal() else ""


def list_instead(value: object, fields: Collection[str] = (), *, texts: bool = False) -> str:
    """Returns a hint how to write a value where a list is expected; "" where that is unclear.

    Args:
        value: The value.
        fields: The fields of the items, where those are mappings.
        texts: Whether the items of the list are texts.
    """
    if isinstance(value, str):
        if len(value) > _MAX_LENGTH:
            return "write it as a list"
        if fields:
            item = _mapping_of(value, fields)
            return _write_hint(f"[{item}]") if item else "begin each item with a dash: `- ` before its first field"
        try:
            words = shlex.split(value)
        except ValueError:
            words = [value]
        return _write_hint(f"[{', '.join(map(scalar_text, words))}]")
    if isinstance(value, int) and fields and (item := _mapping_of(str(value), fields)):
        return _write_hint(f"[{item}]")
    if isinstance(value, bool) and fields:
        return ""
    if isinstance(value, bool | int | float):
        return _write_hint(f'["{AS_WRITTEN}"]' if texts else f"[{AS_WRITTEN}]")
    if isinstance(value, dict) and value:
        if "name" in value or not all(isinstance(entry, dict | None) for entry in value.values()):
            return "begin each item with a dash: `- ` before its first field"
        first = str(next(iter(value)))[:40]
        return f"begin each item with a dash and its name: `- name: {first}`"
    return ""


def entries_instead(value: object) -> str:
    """Returns a hint how to write a list, or `a=b`, where a mapping with keys of the user is expected."""
    if value is None:
        return _write_hint("{}")
    if isinstance(value, str) and _ENTRY.fullmatch(value):
        value = [value]
    if not isinstance(value, list) or not value:
        return ""
    first = value[0]
    if isinstance(first, dict) and isinstance(first.get("name"), str):
        return f"write it without dashes: {first['name'][:40]}: ..., one line each"
    entries = [item.partition("=") for item in value if isinstance(item, str)]
    written = "{" + ", ".join(f"{scalar_text(name)}: {scalar_text(text)}" for name, _, text in entries) + "}"
    if len(entries) == len(value) and all(name and sign for name, sign, _ in entries) and len(written) <= _MAX_LIST:
        return _write_hint(written)
    return "write it as a mapping: {NAME: ...}"


def _write_hint(text: str) -> str:
    return f"write it as {text}"
