"""What several services of a Compose project share: its named volumes, and one GPU for all that ask for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rohe_iac.importing.foreign.journal import Field

VISIBLE = "NVIDIA_VISIBLE_DEVICES"
"""The variable with the GPUs that a container of NVIDIA's runtime sees."""


STORAGE = "where a volume is stored is the target's affair; in a cluster, class under volumes names a storage class"


def share_devices(entries: list[tuple[str, Field]], services: dict[str, dict[str, Any]], names: dict[str, str]) -> None:
    """Replaces whole devices by shares where several services, or replicas of one, ask for one device of a kind.

    Compose gives the first devices of the machine to every container, so that all of them use the same one; a count of
    whole devices would ask for one each.

    Args:
        entries: The services of the file.
        services: The services of the pipeline by name, changed.
        names: The names of services in the pipeline, by their names in the file.
    """
    users: dict[str, list[_DeviceUser]] = {}
    for key, field in entries:
        if key in names:
            service = services[names[key]]
            for kind in service.get("requests", {}).get("accelerators", {}):
                users.setdefault(kind, []).append(_DeviceUser(field, service, _device_ids(field, service, kind)))
    for kind, found in users.items():
        known = frozenset[str]().union(*(user.ids for user in found)) or frozenset({"0"})
        by_device = {
            name: sum(_on_one_machine(user.service) for user in found if name in (user.ids or known)) for name in known
        }
        for user in found:
            replicas = max(by_device[name] for name in user.ids or known)
            devices = user.service["requests"]["accelerators"]
            if replicas < 2 or replicas > 100:
                continue
            if devices[kind] == {"count": 1}:
                devices[kind] = {"share": f"{100 // replicas}%"}
                user.field.note(
                    f"with Docker Compose {replicas} containers use the same {kind}: '{user.service['name']}' asks for "
                    f"a share of {100 // replicas}% of one"
                )
            else:
                alone = replicas == _on_one_machine(user.service)
                said = "its replicas use" if alone else "other services use"
                own = "each has" if alone else "it has"
                user.field.note(f"{said} the same {kind} devices with Docker Compose; here {own} its own")


def _on_one_machine(service: dict[str, Any]) -> int:
    """Returns how many replicas of a service one machine has; of a replica on each node it has one."""
    replicas = service.get("replicas", 1)
    return replicas if isinstance(replicas, int) else 1


@dataclass(frozen=True, slots=True)
class _DeviceUser:
    """A service that uses devices. ids: which of the machine; empty for all of them."""

    field: Field
    service: dict[str, Any]
    ids: frozenset[str]


def _device_ids(field: Field, service: dict[str, Any], kind: str) -> frozenset[str]:
    """Returns which devices of the machine a service uses, by their ids; none where it uses all.

    A service that asks for a number of devices gets the first ones.
    """
    part: Field | None = field
    for name in ("deploy", "resources", "reservations", "devices"):
        part = part.get(name) if part is not None else None
    found: set[str] = set()
    for item in part.as_list() if part is not None else []:
        ids = item.get("device_ids")
        found |= {identity.text for identity in ids.as_list()} if ids is not None else set()
    visible = service.get("env", {}).get(VISIBLE, "")
    if not found and isinstance(visible, str) and re.fullmatch(r"[0-9]+(,[0-9]+)*", visible):
        return frozenset(visible.split(","))
    if found or field.get("runtime") is not None:
        return frozenset(found)
    count = service["requests"]["accelerators"][kind].get("count", 1)
    return frozenset(str(number) for number in range(count))


def share_volumes(
    declared: Field | None, services: list[tuple[Field, dict[str, Any]]], volume_name: Callable[[str], str], target: str
) -> list[dict[str, Any]]:
    """Returns the volumes that are mounted more than once, and takes their sizes out of the services.

    A volume that one service mounts once is one of each replica, for replicas may be on several nodes.

    Args:
        declared: The `volumes` of the whole Compose file.
        services: The services in the file and in the pipeline, the latter changed.
        volume_name: Returns the name of a volume in the pipeline by its name in the file.
        target: The name of the pipeline in the journal.
    """
    mounts: dict[str, list[dict[str, Any]]] = {}
    for _, service in services:
        for volume in service.get("volumes", []):
            if "name" in volume:
                mounts.setdefault(volume["name"], []).append(volume)
    shared: dict[str, dict[str, Any]] = {}
    for name, mounted in mounts.items():
        if len(mounted) > 1:
            shared[name] = {"name": name, "size": mounted[0]["size"]}
            for volume in mounted:
                del volume["size"]
    for field, service in services:
        if service.get("replicas", 1) != 1 and any("size" in volume for volume in service.get("volumes", [])):
            field.note("each replica has volumes of its own; with Docker Compose the replicas share them")
    for key, part in declared.entries() if declared is not None else []:
        name = volume_name(key) if mounts else ""
        if name in shared:
            part.map_to(f"Pipeline/{target}: volumes.{name}")
            for _, setting in part.entries():
                setting.drop(STORAGE)
            part.note(
                f"'{name}' is one volume for all that mount it, which the plan puts on one node; with a storage class "
                "for several nodes, write accessMode: ReadWriteMany"
            )
    return list(shared.values())
