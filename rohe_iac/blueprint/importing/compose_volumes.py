"""Volumes of a Compose service: named ones are disk space, tmpfs is an emptyDir, bind mounts are of one machine."""

from __future__ import annotations

import re
from typing import Any

from rohe_iac.blueprint.importing.compose_deploy import memory_of
from rohe_iac.blueprint.importing.journal import Field
from rohe_iac.blueprint.importing.naming import dns_name
from rohe_iac.blueprint.importing.units import shown_memory

SIZE = "1Gi"
TEMPORARY = "64Mi"
BIND = "a bind mount is a path of one machine; a file of the repository is put before a replica by `files`"


def take_volumes(field: Field, service: dict[str, Any], target: str) -> None:
    """`volumes` in both forms, and `tmpfs`."""
    volumes: dict[str, dict[str, Any]] = {}
    listed = field.get("volumes")
    for item in listed.items() if listed is not None else []:
        volume = _long(item) if item.is_mapping else _short(item)
        if volume is not None and volumes.setdefault(volume["path"], volume) is volume:
            item.to(f"{target}.volumes")
    temporary = field.get("tmpfs")
    if temporary is not None:
        for item in temporary.items() if temporary.is_list else [temporary]:
            path = item.text.partition(":")[0]
            if path:
                item.note(f"no size is given: taken as {TEMPORARY}")
                volumes.setdefault(path, {"path": path, "emptyDir": TEMPORARY})
                item.to(f"{target}.volumes")
    if volumes:
        service["volumes"] = list(volumes.values())


def _short(item: Field) -> dict[str, Any] | None:
    parts = item.text.split(":")
    if len(parts) == 1:
        return _anonymous(parts[0], item)
    source, path = parts[0], parts[1]
    if re.match(r"[./~$\\]", source) or re.fullmatch(r"[A-Za-z]", source):
        item.drop(BIND)
        return None
    return _named(source, path, item)


def _named(source: str, path: str, item: Field) -> dict[str, Any] | None:
    if not path:
        item.drop("a volume without a path")
        return None
    item.note(f"Compose gives a volume no size: taken as {SIZE}")
    return {"name": dns_name(source, "volume"), "path": path, "size": SIZE}


def _anonymous(path: str, item: Field) -> dict[str, Any] | None:
    if not path:
        item.drop("a volume without a path")
        return None
    item.note(f"a volume without a name ends with its container: an emptyDir of {SIZE}")
    return {"path": path, "emptyDir": SIZE}


def _long(item: Field) -> dict[str, Any] | None:
    kind, source, path = item.get("type"), item.get("source", "src"), item.get("target", "destination", "dst")
    word = kind.text if kind is not None else "volume"
    if path is None or not path.text:
        item.drop("a volume without a target")
        return None
    if word == "tmpfs":
        options = item.get("tmpfs")
        size = options.get("size") if options is not None else None
        amount = memory_of(size) if size is not None else None
        return {"path": path.text, "emptyDir": shown_memory(amount) if amount else TEMPORARY}
    if word != "volume":
        item.drop(BIND if word == "bind" else f"a mount of type '{word[:20]}' is the target's affair")
        return None
    return _named(source.text, path.text, item) if source is not None else _anonymous(path.text, item)
