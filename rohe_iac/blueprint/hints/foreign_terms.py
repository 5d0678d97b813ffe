"""Terms of Kubernetes, Docker Compose and other tools, and how they are written here."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping
from types import MappingProxyType

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
    "service",
    "topologyKey",
    "share",
    "size",
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


NOTHING_SHARED: Mapping[str, object] = MappingProxyType({})
"""No volume of a pipeline."""

_MAX_LENGTH = 60
_MAX_LIST = 300
_MAX_CORES = 99
_KEY = re.compile(r"[\w.-]{1,63}")
_ENTRY = re.compile(r"[\w./-]{1,40}=[\w./-]{0,40}")


def mapping_instead(
    value: object,
    fields: Collection[str],
    required: Collection[str] = (),
    shared: Mapping[str, object] = NOTHING_SHARED,
) -> str:
    """Returns a hint how to write a value where a mapping with these fields is expected; "" where that is unclear.

    Args:
        value: The value.
        fields: The fields of the mapping.
        required: Those of them that it cannot be without.
        shared: The volumes of the pipeline, by name, each with its access mode.
    """
    if value is None and not required:
        return _write_hint("{}")
    if not isinstance(value, str | int | float) or isinstance(value, bool) or not str(value):
        return ""
    text = str(value)
    return (
        _write_hint(written)
        if len(text) <= _MAX_LENGTH and (written := _mapping_of(text, fields, required, shared))
        else (
            "a colon needs a blank after it, as in name: value"
            if re.match(r"[A-Za-z]+:\S", text) and text.partition(":")[0] in fields and "url" not in fields
            else ""
        )
    )


def _mapping_of(
    text: str,
    fields: Collection[str],
    required: Collection[str] = (),
    shared: Mapping[str, object] = NOTHING_SHARED,
) -> str:
    """Returns the mapping that a text stands for, as YAML; "" where that is unclear, or lacks a required field."""
    if "containerPort" in fields:
        return _port(text)
    if "emptyDir" in fields and "path" in fields:
        return _volume(text, shared)
    if {"path", "from"} <= set(fields):
        source, _, path = text.partition(":")
        path = path.partition(":")[0]
        source = source.removeprefix("./")
        return f"{{path: {scalar_text(path or '/' + source.lstrip('/.'))}, from: {scalar_text(source)}}}"
    if "from" in fields and (match := _FLOW_ARROW.fullmatch(text)):
        return f"{{from: {match[1]}, to: {match[2]}}}"
    if {"name", "source"} <= set(required) and (parts := re.findall("[a-z0-9]+", text.rpartition("/")[2].lower())):
        return f"{{name: {scalar_text('-'.join(parts))}, source: {scalar_text(text)}}}"
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
        if name in fields and {name}.issuperset(required) and (name != "metric" or text.isidentifier()):
            return f"{{{name}: {scalar_text(text)}}}"
    if "name" not in fields or re.fullmatch("[a-z0-9-]+", text) is None:
        return ""
    named = {"name": scalar_text(text), **({"size": "1Gi"} if "size" in required else {})}
    return f"{{{', '.join(f'{key}: {part}' for key, part in named.items())}}}" if named.keys() >= set(required) else ""


def _volume(text: str, shared: Mapping[str, object]) -> str:
    source, _, path = text.rpartition(":")
    mode = ""
    if path in ("ro", "rw") and source:
        mode, (source, _, path) = (", readOnly: true" if path == "ro" else ""), source.rpartition(":")
    name = "-".join(re.findall("[a-z0-9]+", source.lower()))[:63]
    if not path.startswith("/"):
        return ""
    if not name:
        return f"{{path: {path}, emptyDir: 1Gi}}"
    if name in shared:  # which has the size
        mode = ", readOnly: true" if shared[name] == "ReadOnlyMany" else mode
        return f"{{name: {scalar_text(name)}, path: {path}{mode}}}"
    return f"{{name: {scalar_text(name)}, path: {path}, size: 1Gi{mode}}}"


def _port(text: str) -> str:
    match = _PUBLISHED_PORT.fullmatch(text)
    if match is not None:
        protocol = ", protocol: UDP" if match[3] == "udp" else ""
        return f"{{name: port-{match[2]}, containerPort: {match[2]}, hostPort: {match[1]}{protocol}}}"
    return f"{{name: port-{text}, containerPort: {text}}}" if text.isdecimal() else ""


def cores_instead(value: object) -> str:
    """Returns a hint how to write a number of cores as a list of what each core has; "" where that is unclear."""
    text = str(value)
    if isinstance(value, bool) or not text.isdecimal() or not 0 < int(text) <= _MAX_CORES:
        return ""
    return _write_hint(f"[{', '.join(['1'] * int(text))}]")


def list_instead(
    value: object,
    fields: Collection[str] = (),
    *,
    required: Collection[str] = (),
    shared: Mapping[str, object] = NOTHING_SHARED,
    texts: bool = False,
    command: bool = False,
) -> str:
    """Returns a hint how to write a value where a list is expected; "" where that is unclear.

    Args:
        value: The value.
        fields: The fields of the items, where those are mappings.
        required: Those of them that an item cannot be without.
        shared: The volumes of the pipeline, by name, each with its access mode.
        texts: Whether the items of the list are texts.
        command: Whether they are the words of a command line, in which a comma is a part of its word.
    """
    if isinstance(value, str):
        if len(value) > _MAX_LENGTH:
            return "write it as a list"
        if fields:
            item = _mapping_of(value, fields, required, shared)
            return _write_hint(f"[{item}]") if item else "begin each item with a dash: `- ` before its first field"
        try:
            words = shlex.split(value if command else value.replace(",", " "))
        except ValueError:
            words = [value]
        return _write_hint(f"[{', '.join(scalar_text(word if command else VALUES.get(word, word)) for word in words)}]")
    if isinstance(value, int) and fields and (item := _mapping_of(str(value), fields, required)):
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


def entries_instead(value: object, *, may_be_empty: bool = False) -> str:
    """Returns a hint how to write a list, or `a=b`, where a mapping with keys of the user is expected.

    Args:
        value: The list or text.
        may_be_empty: Whether the values are mappings that need no field, so that the keys alone say enough.
    """
    if value is None:
        return _write_hint("{}")
    if isinstance(value, str) and _ENTRY.fullmatch(value):
        value = [value]
    if not isinstance(value, list) or not value:
        return ""
    first = value[0]
    if isinstance(first, dict) and isinstance(first.get("name"), str):
        return f"write it without dashes: {first['name'][:40]}: ..., one line each"
    if may_be_empty and all(isinstance(item, str) and _KEY.fullmatch(item) for item in value):
        named = "{" + ", ".join(f"{scalar_text(item)}: {{}}" for item in dict.fromkeys(value)) + "}"
        return _write_hint(named) if len(named) <= _MAX_LIST else "write it as a mapping: {NAME: {}}"
    entries = [item.partition("=") for item in value if isinstance(item, str)]
    written = "{" + ", ".join(f"{scalar_text(name)}: {scalar_text(text)}" for name, _, text in entries) + "}"
    if len(entries) == len(value) and all(name and sign for name, sign, _ in entries) and len(written) <= _MAX_LIST:
        return _write_hint(written)
    return "write it as a mapping: {NAME: ...}"


def _write_hint(text: str) -> str:
    return f"write it as {text}"
