"""Rights of a pod and of its container: the user, and what `kubernetes.securityContext` of a service has."""

from __future__ import annotations

import re
from typing import Any

from rohe_iac.blueprint.language.pods.user import LARGEST_ID
from rohe_iac.foundation.names import is_name
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.kubernetes.objects import at, items_at, text_at

_FLAGS = ("runAsNonRoot", "readOnlyRootFilesystem", "allowPrivilegeEscalation", "privileged")

_CAPABILITY = re.compile("[A-Z][A-Z0-9_]*")

MAX_NAME = 253
"""Characters of the name of an object."""

RESTRICTED = (
    "Kubernetes runs it with more rights than the level restricted, which rohe gives: where it needs them, write them "
    "under kubernetes.securityContext"
)


def add_security(pod: Field, container: Field, service: dict[str, Any], target: str) -> None:
    """Adds the user and the rights of a container to a service; what it says counts more than what its pod says."""
    contexts = [part for part in (container.get("securityContext"), pod.get("securityContext")) if part is not None]
    user, group = _number(contexts, "runAsUser", target), _number(contexts, "runAsGroup", target)
    if user is not None:
        service["user"] = f"{user}:{group}" if group is not None else str(user)
    rights: dict[str, Any] = {}
    if user is None and group is not None:
        rights["runAsGroup"] = group
    fs_group = _number(contexts, "fsGroup", target, "kubernetes.securityContext.fsGroup")
    if fs_group is not None:
        rights["fsGroup"] = fs_group
    for word in _FLAGS:
        for context in contexts:
            part = context.get(word)
            if part is not None and isinstance(part.value, bool):
                rights.setdefault(word, part.value)
                part.map_to(f"{target}.kubernetes.securityContext.{word}")
    _add_capabilities(contexts, rights, target)
    for context in contexts:
        kind = at(context, "seccompProfile", "type")
        if kind is not None and kind.text in ("RuntimeDefault", "Unconfined"):
            rights.setdefault("seccompProfile", kind.text)
            kind.map_to(f"{target}.kubernetes.securityContext.seccompProfile")
    if rights:
        service["kubernetes"] = {"securityContext": rights}
    if user is None and not rights and "image" in service:
        container.note(RESTRICTED)


def _number(contexts: list[Field], word: str, target: str, place: str = "user") -> int | None:
    found = None
    for context in contexts:
        part = context.get(word)
        if part is None:
            continue
        if not part.text.isdecimal() or int(part.text[:11]) > LARGEST_ID:
            part.drop(f"an id is a number up to {LARGEST_ID}")
        else:
            found = int(part.text) if found is None else found
            part.map_to(f"{target}.{place}")
    return found


def _add_capabilities(contexts: list[Field], rights: dict[str, Any], target: str) -> None:
    for context in contexts:
        stated = context.get("capabilities")
        if stated is None:
            continue
        found = {}
        for word in ("add", "drop"):
            names = [item.text.upper().removeprefix("CAP_") for item in items_at(stated, word)]
            if names and all(map(_CAPABILITY.fullmatch, names)):
                found[word] = names
        if found:
            if "drop" not in found:
                stated.note(
                    "rohe gives the capabilities that are added, and not those of the runtime as Kubernetes does"
                )
            rights["capabilities"] = found
            stated.map_to(f"{target}.kubernetes.securityContext.capabilities")


def add_pull_secrets(pod: Field, service: dict[str, Any], target: str) -> None:
    """Adds the Secrets with the login at registries to a service."""
    items = items_at(pod, "imagePullSecrets")
    names = []
    for item in items:
        name = text_at(item, "name")
        if len(name) <= MAX_NAME and all(map(is_name, name.split("."))):
            names.append(name)
            item.map_to(f"{target}.pullSecrets")
        else:
            item.drop(f"'{name[:60]}' is not the name of a Secret")
    if names:
        service["pullSecrets"] = names
