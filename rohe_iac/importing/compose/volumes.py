"""Volumes of a Compose service: named ones become volumes, tmpfs an emptyDir, bind mounts of single files `files`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from rohe_iac.foundation.quantities import LARGEST
from rohe_iac.importing.compose.deploy import memory_of
from rohe_iac.importing.compose.files import add_file
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.naming import dns_name
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles
from rohe_iac.importing.foreign.units import memory_quantity

SIZE = "1Gi"
"""The size of volumes; Compose gives them none."""


TEMPORARY = "64Mi"
"""The size of a tmpfs without one."""


SHARED = "/dev/shm"
"""Where `shm_size` is mounted."""


RELATIVE = "a volume needs an absolute path in the container"


SETTING = "how a volume is made and mounted is the target's affair"


SUB_PATH = "subPath is a relative path in the volume, without '..'"


def add_volumes(
    field: Field,
    service: dict[str, Any],
    target: str,
    referenced_files: ReferencedFiles,
    files: list[dict[str, str]],
    volume_name: Callable[[str], str] = lambda text: dns_name(text, "volume"),
) -> None:
    """Adds `volumes` in both syntaxes, `tmpfs` and `shm_size` to a service.

    Args:
        field: The service in the file.
        service: The service of the pipeline, added to.
        target: The name of the service in the journal.
        referenced_files: Access to files that are mounted.
        files: The files of the service; bind mounts of single files are added.
        volume_name: Returns the name of a volume in the pipeline by its name in the file.
    """
    volumes: dict[str, dict[str, Any]] = {}
    entries = field.get("volumes")
    for item in entries.as_list() if entries is not None else []:
        bind = _bind_mount(item)
        if bind is not None:
            add_file(*bind, item, referenced_files, files, target)
            continue
        volume = _long(item, volume_name) if item.is_mapping else _short(item, volume_name)
        _record_settings(item, target)
        if volume is None:
            continue
        volume["path"] = volume["path"].rstrip("/") or "/"
        if volumes.setdefault(volume["path"], volume) is volume:
            item.map_to(f"{target}.volumes")
        else:
            item.drop("there is a volume at that path already")
    temporary = field.get("tmpfs")
    if temporary is not None:
        for item in temporary.as_list():
            path, _, options = item.text.partition(":")
            if path and not path.startswith("/"):
                item.drop(RELATIVE)
            elif path:
                volumes.setdefault(path, {"path": path, "emptyDir": _size(options, item)})
                item.map_to(f"{target}.volumes")
    shared = field.get("shm_size")
    if shared is not None and (amount := memory_of(shared)):
        volumes.setdefault(SHARED, {"path": SHARED, "emptyDir": memory_quantity(amount)})
        shared.map_to(f"{target}.volumes")
    if volumes:
        service["volumes"] = list(volumes.values())


def _record_settings(item: Field, target: str) -> None:
    """Records the settings of a mount; those that a blueprint has no place for are dropped."""
    for key, part in item.entries():
        if key in ("volume", "tmpfs", "bind"):
            for name, setting in part.entries():
                if name not in ("subpath", "size"):
                    setting.drop(SETTING)
                elif setting.path not in item.journal.dropped:
                    setting.map_to(f"{target}.volumes")
        elif key == "consistency":
            part.drop(SETTING)


def _size(options: str, item: Field) -> str | int:
    """Returns the size among the options of a tmpfs, such as `size=64m,mode=755`; TEMPORARY where there is none."""
    match = re.search(r"(?:^|,)size=(\d{1,16})([kmg]?)b?(?:,|$)", options, re.IGNORECASE)
    amount = int(match[1]) * {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}[match[2].lower()] if match is not None else 0
    if 0 < amount <= LARGEST:
        return memory_quantity(amount)
    item.note(f"no size is given: taken as {TEMPORARY}")
    return TEMPORARY


def _bind_mount(item: Field) -> tuple[str, str] | None:
    """Returns the path on the machine and in the container; None where the entry is no bind mount."""
    if item.is_mapping:
        kind, source, path = item.get("type"), item.get("source", "src"), item.get("target", "destination", "dst")
        if kind is None or kind.text != "bind":
            return None
        return (source.text if source is not None else "", path.text if path is not None else "")
    parts = item.text.split(":")
    drive = re.match(r"[A-Za-z]:(\\|[^:]*:/)", item.text)
    if len(parts) > 1 and (re.match(r"[./~$\\]", parts[0]) or drive):
        return (parts[0], parts[1])
    return None


def _short(item: Field, volume_name: Callable[[str], str]) -> dict[str, Any] | None:
    parts = item.text.split(":")
    if len(parts) == 1:
        return _anonymous(parts[0], item)
    volume = _named(parts[0], parts[1], item, volume_name)
    if volume is not None and "ro" in (option for part in parts[2:] for option in part.split(",")):
        volume["readOnly"] = True
    return volume


def _named(source: str, path: str, item: Field, volume_name: Callable[[str], str]) -> dict[str, Any] | None:
    if not path.startswith("/"):
        item.drop(RELATIVE)
        return None
    item.note(f"Compose gives a volume no size: taken as {SIZE}")
    return {"name": volume_name(source), "path": path, "size": SIZE}


def _anonymous(path: str, item: Field) -> dict[str, Any] | None:
    if not path.startswith("/"):
        item.drop(RELATIVE)
        return None
    item.note(f"a volume without a name ends with its container: an emptyDir of {SIZE}")
    return {"path": path, "emptyDir": SIZE}


def _long(item: Field, volume_name: Callable[[str], str]) -> dict[str, Any] | None:
    kind, source, path = item.get("type"), item.get("source", "src"), item.get("target", "destination", "dst")
    word = kind.text if kind is not None else "volume"
    if path is None or not path.text:
        item.drop("a volume without a target")
        return None
    if not path.text.startswith("/"):
        item.drop(RELATIVE)
        return None
    if word == "tmpfs":
        options = item.get("tmpfs")
        size = options.get("size") if options is not None else None
        amount = memory_of(size) if size is not None else None
        if not amount:
            item.note(f"no size is given: taken as {TEMPORARY}")
        return {"path": path.text, "emptyDir": memory_quantity(amount) if amount else TEMPORARY}
    if word != "volume":
        item.drop(f"a mount of type '{word[:20]}' is the target's affair")
        return None
    if source is None:
        return _anonymous(path.text, item)
    volume = _named(source.text, path.text, item, volume_name)
    read_only, options = item.get("read_only"), item.get("volume")
    sub_path = options.get("subpath") if options is not None else None
    if volume is not None and read_only is not None and read_only.text.lower() == "true":
        volume["readOnly"] = True
    if volume is not None and sub_path is not None:
        if sub_path.text.startswith("/") or ".." in sub_path.text.split("/"):
            sub_path.drop(SUB_PATH)
        else:
            volume["subPath"] = sub_path.text
    return volume
