"""Edits: fields of an object that somebody else than rohe changed since rohe wrote them.

The API server records who set each field (`metadata.managedFields`, Kubernetes documentation, "Server-Side Apply"). A
field of the manifest whose value differs and that another manager owns was edited; one that is gone was removed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rohe_iac.deployment.ports import ForeignEdit
from rohe_iac.targets.kubernetes.cluster import FIELD_MANAGER
from rohe_iac.targets.kubernetes.object import ClusterObject

CONTROLLERS = frozenset(
    {"kube-controller-manager", "kube-scheduler", "kubelet", "kube-apiserver", "cloud-controller-manager"}
)
"""Managers of the cluster itself, whose changes are its work and no edits."""

ITEM_KEYS = ("name", "mountPath", "containerPort", "port", "key", "topologyKey", "ip")
"""Fields by which an item of a list is found again, the first that it has (Kubernetes, "patchMergeKey")."""

MISSING = object()
"""The value of a field that is not there."""

ItemKey = tuple[tuple[str, Any], ...]
"""The fields that tell one item of a list from the others, with their values."""

Field = tuple[Any, ...]
"""The way to a field: names of fields, and of items of lists (name, value) of the fields that tell them apart."""


def edits_of(
    wanted: ClusterObject, applied: ClusterObject | None, live: ClusterObject, address: str
) -> Iterator[ForeignEdit]:
    """Yields the fields of an object that others changed and that the next apply writes again.

    Args:
        wanted: The object as the plan has it.
        applied: The object as it was applied last; None where that is not known here.
        live: The object as it is in the cluster.
        address: The address of the stack's part that the object is for.
    """
    found: dict[Field, tuple[str, Any]] = {}
    for manager, field in _foreign_fields(live):
        value, planned = _value(live.body, field), _value(wanted.body, field)
        if planned is not MISSING and _is_leaf(planned) and value != planned:
            found[field] = (manager, value)
    if applied is not None:
        last = _last_editor(live)
        for field in _removed(applied.body, live.body, ()):
            if last and _value(wanted.body, field) is not MISSING:
                found.setdefault(field, (last, MISSING))
    for field in sorted(found, key=str):
        manager, value = found[field]
        words = "was removed" if value is MISSING else f"is {_shown(value)}"
        yield ForeignEdit(address, str(live), _path(field), words, _shown(_value(wanted.body, field)), manager)


def _foreign_fields(live: ClusterObject) -> Iterator[tuple[str, Field]]:
    """Yields manager and way of every field that another manager than rohe and the cluster's own set."""
    for entry in _foreign_entries(live):
        for field in _fields(entry.get("fieldsV1") or {}, ()):
            yield str(entry["manager"]), field


def _foreign_entries(live: ClusterObject) -> list[Mapping[str, Any]]:
    entries = live.body["metadata"].get("managedFields") or ()
    return [
        entry
        for entry in entries
        if entry.get("subresource") != "status" and entry.get("manager") not in {FIELD_MANAGER, *CONTROLLERS}
    ]


def _last_editor(live: ClusterObject) -> str:
    """Returns who changed the object last beside rohe and the cluster, "" where nobody did."""
    entries = _foreign_entries(live)
    return str(max(entries, key=lambda entry: str(entry.get("time", "")))["manager"]) if entries else ""


def _fields(value: Mapping[str, Any], way: Field) -> Iterator[Field]:
    """Yields the ways of the leaves of a set of fields in the form of `fieldsV1`."""
    below = {name: inner for name, inner in value.items() if name != "."}
    if not below:
        yield way
    for name, inner in below.items():
        kind, _, text = name.partition(":")
        step: Any = text if kind == "f" else json.loads(text)
        yield from _fields(inner or {}, (*way, tuple(step.items()) if isinstance(step, dict) else step))


def _value(value: Any, field: Field) -> Any:
    """Returns the value of a field, MISSING where it is not there."""
    for step in field:
        if isinstance(step, tuple):
            items = [item for item in value if _matches(item, step)] if isinstance(value, list) else []
            value = items[0] if items else MISSING
        elif isinstance(value, dict) and isinstance(step, str):
            value = value.get(step, MISSING)
        elif isinstance(value, list):
            value = step if step in value else MISSING
        else:
            return MISSING
        if value is MISSING:
            return MISSING
    return value


def _matches(item: Any, key: ItemKey) -> bool:
    """Checks whether an item of a list has these fields; a protocol that is not written is TCP."""
    return isinstance(item, dict) and all(
        item.get(name, "TCP" if name == "protocol" else None) == value for name, value in key
    )


def _removed(applied: Any, live: Any, way: Field) -> Iterator[Field]:
    """Yields the ways of what was applied and is gone; empty values are left out, which the server does not keep."""
    if isinstance(applied, dict):
        for name, value in applied.items():
            if value in ({}, [], "", None, False, 0):
                continue
            inner = live.get(name, MISSING) if isinstance(live, dict) else MISSING
            if inner is MISSING:
                yield (*way, name)
            else:
                yield from _removed(value, inner, (*way, name))
    elif isinstance(applied, list) and isinstance(live, list):
        for item in applied:
            names = [name for name in ITEM_KEYS if isinstance(item, dict) and name in item]
            if not names:
                continue
            key = ((names[0], item[names[0]]),)
            same = [other for other in live if _matches(other, key)]
            if not same:
                yield (*way, key)
            else:
                yield from _removed(item, same[0], (*way, key))


def _is_leaf(value: Any) -> bool:
    return not isinstance(value, dict)


def _path(field: Field) -> str:
    """Returns the way to a field as people write it, such as `spec.template.spec.containers[back].image`."""
    text = ""
    for step in field:
        if isinstance(step, tuple):
            text += f"[{','.join(str(value) for _, value in step)}]"
        else:
            text += f".{step}"
    return text.removeprefix(".")


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


SHOWN = 80
"""Characters of a value that a message shows."""
