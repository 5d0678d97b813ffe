"""Edits: fields of an object that somebody else than rohe changed since rohe wrote them.

The API server records who set each field (`metadata.managedFields`, Kubernetes documentation, "Server-Side Apply"). A
field of the manifest whose value differs and that another manager owns, or nobody, was edited; one that is gone was
removed. An object that was made of another manifest than the last one applied here came with another apply, whose
fields have rohe for their owner, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rohe_iac.deployment.foreign_edit import ForeignEdit
from rohe_iac.targets.kubernetes.cluster import FIELD_MANAGER
from rohe_iac.targets.kubernetes.object import MANIFEST, ClusterObject

CONTROLLERS = frozenset(
    {"kube-controller-manager", "kube-scheduler", "kubelet", "kube-apiserver", "cloud-controller-manager"}
)
"""Managers of the cluster itself, whose changes are its work and no edits."""

ITEM_KEYS = ("name", "mountPath", "containerPort", "port", "key", "topologyKey", "ip")
"""Fields by which an item of a list is found again, the first that it has (Kubernetes, "patchMergeKey")."""

MISSING = object()
"""The value of a field that is not there."""

EMPTY: tuple[Any, ...] = ({}, [], "", None, False, 0)
"""Values that the server does not keep."""

ItemKey = tuple[tuple[str, Any], ...]
"""The fields that tell one item of a list from the others, with their values."""

Field = tuple[Any, ...]
"""The way to a field: names of fields, and of items of lists (name, value) of the fields that tell them apart."""


@dataclass(frozen=True, slots=True)
class PlannedObject:
    """An object as a manifest has it.

    Attributes:
        address: The address of the stack's part that the object is for.
        object: The object.
        digest: SHA-256 digest of the manifest.
    """

    address: str
    object: ClusterObject
    digest: str


def edits_of(wanted: PlannedObject, applied: PlannedObject | None, live: ClusterObject) -> Iterator[ForeignEdit]:
    """Yields the fields of an object that others changed and that the next apply writes again.

    Args:
        wanted: The object as the plan has it.
        applied: The object as it was applied last; None where that is not known here.
        live: The object as it is in the cluster.
    """
    body = wanted.object.body
    found: dict[Field, tuple[str, Any]] = {}
    for manager, field in _foreign_fields(live):
        value, planned = _value(live.body, field), _value(body, field)
        if planned is not MISSING and _is_leaf(planned) and value != planned:
            found[field] = (manager, value)
    if applied is not None:
        last = _last_editor(live)
        for field in _removed(applied.object.body, live.body, ()):
            if last and _value(body, field) is not MISSING:
                found.setdefault(field, (last, MISSING))
    before = applied.object.body if applied is not None else {}
    for field, value in _differences(body, live.body):
        # A subresource may take a field from its owner without getting it, such as `scale` to 0 replicas. What was not
        # applied has the value of nobody but the server, as its default.
        if MISSING not in (value, _value(before, field)) and not _is_owned(live, field):
            found.setdefault(field, ("", value))
    for field in sorted(found, key=str):
        manager, value = found[field]
        planned = _shown(_value(body, field))
        yield ForeignEdit(wanted.address, str(live), _path(field), _found(value), planned, manager)
    if applied is not None and live.annotations.get(MANIFEST, "") not in ("", applied.digest, wanted.digest):
        yield from _by_another_apply(wanted, live, {_path(field) for field in found})


def _by_another_apply(wanted: PlannedObject, live: ClusterObject, known: set[str]) -> Iterator[ForeignEdit]:
    """Yields the fields that another apply wrote, beside known edits; the digest alone where no other field differs."""
    body = wanted.object.body
    fields = {_path(field): _found(value) for field, value in _differences(body, live.body)}
    fields |= {_path(field): _found(_value(live.body, field)) for field in _beside(body, live)}
    planned = {_path(field): _shown(_value(body, field)) for field, _ in _differences(body, live.body)}
    if not fields:
        fields, planned = {f"metadata.annotations.{MANIFEST}": f"is {live.annotations.get(MANIFEST, '')}"}, {}
    for path in sorted(fields.keys() - known):
        yield ForeignEdit(
            wanted.address, str(live), path, fields[path], planned.get(path, ""), ANOTHER_APPLY, by_apply=True
        )


ANOTHER_APPLY = "another `rohe apply`"
"""Who set what an apply wrote that this machine knows nothing of."""


def _differences(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[tuple[Field, Any]]:
    """Yields the wanted fields that are another way, each with its value now; empty ones are left out."""
    for field, planned in _leaves({name: value for name, value in wanted.items() if name != "status"}, ()):
        value = _value(live, field)
        if value != planned:
            yield field, value


def _leaves(value: Any, way: Field) -> Iterator[tuple[Field, Any]]:
    """Yields the ways of single values, and of lists whose items nothing tells apart, each with its value."""
    if value in EMPTY:
        return
    names = [_item_key(item) for item in value] if isinstance(value, list) else []
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*way, name))
    elif names and all(names):
        for name, item in zip(names, value, strict=True):
            yield from _leaves(item, (*way, name))
    else:
        yield way, value


def _item_key(item: Any) -> ItemKey:
    """Returns the field that tells an item of a list from the others; none where it has no such field."""
    names = [name for name in ITEM_KEYS if isinstance(item, dict) and name in item]
    return ((names[0], item[names[0]]),) if names else ()


def _beside(wanted: Mapping[str, Any], live: ClusterObject) -> Iterator[Field]:
    """Yields the fields that rohe wrote and that are not wanted; labels and annotations are left out."""
    for entry in live.body["metadata"].get("managedFields") or ():
        if entry.get("manager") != FIELD_MANAGER:
            continue
        for field in _fields(entry.get("fieldsV1") or {}, ()):
            names_item = len(field) > 1 and isinstance(field[-2], tuple) and field[-1] in dict(field[-2])
            if "metadata" not in field and not names_item and _value(wanted, field) is MISSING:
                yield field


def _is_owned(live: ClusterObject, field: Field) -> bool:
    """Checks whether anybody owns a field, or all of what it is in."""
    entries = live.body["metadata"].get("managedFields") or ()
    return any(_is_among(entry.get("fieldsV1") or {}, field) for entry in entries)


def _is_among(fields: Mapping[str, Any], field: Field) -> bool:
    """Checks whether a set of fields in the form of `fieldsV1` has a field, or all of what it is in."""
    for depth, step in enumerate(field):
        if isinstance(step, tuple):
            items = [name for name in fields if name.startswith("k:") and _matches(json.loads(name[2:]), step)]
            return any(_is_among(fields[name], field[depth + 1 :]) for name in items) or not fields
        if f"f:{step}" not in fields:
            return False
        fields = fields[f"f:{step}"]
        if not fields:
            return True
    return True


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
            if value in EMPTY:
                continue
            inner = live.get(name, MISSING) if isinstance(live, dict) else MISSING
            if inner is MISSING:
                yield (*way, name)
            else:
                yield from _removed(value, inner, (*way, name))
    elif isinstance(applied, list) and isinstance(live, list):
        for item in applied:
            key = _item_key(item)
            if not key:
                continue
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


def _found(value: Any) -> str:
    return "was removed" if value is MISSING else f"is {_shown(value)}"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


SHOWN = 80
"""Characters of a value that a message shows."""
