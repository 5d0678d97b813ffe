"""What a Compose container has beside a program: device files of its machine, its user and rights, and labels."""

from __future__ import annotations

import re
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rohe_iac.blueprint.language.pods.user import User
from rohe_iac.importing.compose.spans import add_span
from rohe_iac.importing.foreign import labels
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.variables.expansion import drop_if_unfilled

CLUSTER_ONLY = "apply takes it in a cluster only: leave it out on the target local"


RIGHTS = (
    "kubernetes.securityContext counts in a cluster only, where rohe gives all other rights as the level restricted, "
    "with the capabilities that are added and not those of the runtime"
)


NO_ESCALATION = ("no-new-privileges", "no-new-privileges:true")


DEVICE = (
    "placement does not know which nodes have the device: give those a label and name it in placement.nodeSelector; "
    "in a cluster only privileged containers open devices, and on the target local processes find them anyway"
)


GPU_DEVICE = "taken as one GPU, which the plan gives out"


NO_PATH = "a device is named by its absolute path, such as /dev/video0"


NO_ID = "the name of a user is known to its image alone: write the number that `id -u NAME` prints there"


_CAPABILITY = re.compile("[A-Z][A-Z0-9_]*")


_USER: TypeAdapter[str] = TypeAdapter(User)


def add_devices(field: Field, service: dict[str, Any], target: str) -> None:
    """Adds `devices` to a service; those of NVIDIA GPUs become a request for one.

    Args:
        field: The service in the file.
        service: The service of the pipeline, added to; its requests are there already.
        target: The name of the service in the journal.
    """
    listed = field.get("devices")
    devices: dict[str, dict[str, str]] = {}
    for item in listed.as_list() if listed is not None else []:
        if item.is_mapping:
            source, inner = item.get("source"), item.get("target")
            begin, end = (part.text if part is not None else "" for part in (source, inner))
        else:
            begin, _, rest = item.text.partition(":")
            end = rest.partition(":")[0]
        if begin.startswith(("/dev/nvidia", "nvidia.com/gpu")):
            accelerators = service.setdefault("requests", {}).setdefault("accelerators", {})
            if "gpu" not in accelerators:
                accelerators["gpu"] = {"count": 1}
                item.note(GPU_DEVICE)
            item.map_to(f"{target}.requests.accelerators.gpu")
        elif not begin.startswith("/") or (end and not end.startswith("/")):
            item.drop(NO_PATH)
        else:
            end = end or begin
            devices.setdefault(end, {"path": end} | ({"from": begin} if begin != end else {}))
            item.map_to(f"{target}.devices")
            item.note(DEVICE)
    if devices:
        service["devices"] = list(devices.values())


def add_user(field: Field, service: dict[str, Any], target: str) -> None:
    """Adds `user` to a service where it is an id, or ids of user and group."""
    user = field.get("user")
    if user is None:
        return
    try:
        service["user"] = _USER.validate_python(user.text)
    except ValidationError:
        if not drop_if_unfilled(user):
            user.drop(NO_ID)
    else:
        user.map_to(f"{target}.user")
        user.note(f"user: {CLUSTER_ONLY}")


def add_labels(field: Field, service: dict[str, Any], target: str) -> None:
    """Adds `labels`, a mapping or a list of NAME=VALUE, as far as Kubernetes takes them."""
    listed = field.get("labels")
    if listed is None:
        return
    pairs = [(key, part.raw, part) for key, part in listed.entries()]
    for item in listed.as_list() if not listed.is_mapping else []:
        key, _, value = item.raw.partition("=")
        pairs.append((key, value, item))
    labels.add_labels(pairs, service, target)
    if "labels" in service:
        listed.note(f"labels: {CLUSTER_ONLY}")


def add_rights(field: Field, service: dict[str, Any], target: str) -> None:
    """Adds `privileged`, `read_only`, `cap_add`, `cap_drop` and `security_opt` as `kubernetes.securityContext`."""
    rights: dict[str, Any] = {}
    place = f"{target}.kubernetes.securityContext"
    for source, word in (("privileged", "privileged"), ("read_only", "readOnlyRootFilesystem")):
        flag = field.get(source)
        if flag is not None and isinstance(flag.value, bool):
            rights[word] = flag.value
            flag.map_to(f"{place}.{word}")
        elif flag is not None and not drop_if_unfilled(flag):
            flag.drop("true or false is needed")
    capabilities: dict[str, list[str]] = {}
    for source, word in (("cap_add", "add"), ("cap_drop", "drop")):
        for item in stated.as_list() if (stated := field.get(source)) is not None else []:
            name = item.text.upper().removeprefix("CAP_")
            if _CAPABILITY.fullmatch(name):
                capabilities.setdefault(word, []).append(name)
                item.map_to(f"{place}.capabilities.{word}")
            else:
                item.drop("not the name of a capability of Linux, such as NET_ADMIN")
    if capabilities:
        rights["capabilities"] = capabilities
    for item in stated.as_list() if (stated := field.get("security_opt")) is not None else []:
        option = item.text.replace("=", ":").lower()
        if option in NO_ESCALATION and (rights.get("privileged") or "SYS_ADMIN" in capabilities.get("add", ())):
            item.drop("a container with all rights may gain rights whatever is said")
        elif option in NO_ESCALATION:
            rights["allowPrivilegeEscalation"] = False
            item.map_to(f"{place}.allowPrivilegeEscalation")
        elif option == "seccomp:unconfined":
            rights["seccompProfile"] = "Unconfined"
            item.map_to(f"{place}.seccompProfile")
        else:
            item.drop("of security options, no-new-privileges and seccomp:unconfined are kept")
    if rights:
        service["kubernetes"] = {"securityContext": rights}
        field.note(RIGHTS)


def add_grace_period(field: Field, service: dict[str, Any], target: str) -> None:
    """Adds the time that a replica has to end, `stop_grace_period`."""
    stated = field.get("stop_grace_period")
    add_span(stated, service, "terminationGracePeriod", target)
    if stated is not None and "terminationGracePeriod" in service:
        stated.note(f"terminationGracePeriod: {CLUSTER_ONLY}")
