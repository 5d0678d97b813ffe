"""What containers have beside a program, as far as a target does not act on it yet."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from rohe_iac.blueprint.language.pipeline import Secret, SecretReference, SecretValue, Service
from rohe_iac.blueprint.text.parsed import Path


def container_fields(base: Path, service: Service, on: str) -> Iterator[tuple[Path, str, str]]:
    """Yields the path of each field that the target ignores, what it is in words, and what to do about it.

    Args:
        base: The path of the service.
        service: The service.
        on: The name of the target: local, kubernetes or manifests.
    """
    local, suffix = on == "local", f", on the target {on},"
    if service.run_once and local and not service.command and service.profile is not None:
        what = f"runOnce of a service that is stood in for{suffix}"
        yield (*base, "runOnce"), what, "add command: [...]; a stand-in never ends"
    for name, hint in _LOCAL_FIELDS if local else ():
        if getattr(service, name):
            yield (*base, name), f"{name}{suffix}", hint
    is_relative = "working_dir" in service.model_fields_set and not service.working_dir.startswith("/")
    if not local and is_relative and posixpath.normpath(service.working_dir) != ".":
        hint = "write the folder of the image from its root, such as /app; absent: the image's own"
        yield (*base, "workingDir"), f"a relative workingDir{suffix}", hint
    if not local and service.devices and not service.kubernetes.security_context.privileged:
        what = f"devices of a service that is not privileged{suffix}"
        hint = "add kubernetes: {securityContext: {privileged: true}}, or ask for the device under accelerators"
        yield (*base, "devices"), what, hint
    sources = [(("envFrom", index), source.secret) for index, source in enumerate(service.env_from)]
    sources += [(("files", index), file.secret) for index, file in enumerate(service.files)]
    for (field, index), secret in sources:
        if secret is not None and not local and is_local_secret(secret):
            kind, hint = other_secret(on)
            yield (*base, field, index, "secret"), f"the {kind} of {field}{suffix}", hint
    for index, source in enumerate(service.env_from):
        if source.secret is not None and local and not is_local_secret(source.secret):
            hint = "write file:PATH of a file with one NAME=VALUE a line, or its variables under env"
            yield (*base, "envFrom", index, "secret"), f"a named secret under envFrom{suffix}", hint
    for index, device in enumerate(service.devices):
        if local and device.source != device.path:
            hint = f"a process sees the devices of this machine: write path: {device.source[:60]}"
            yield (*base, "devices", index, "from"), f"a device under another path{suffix}", hint
    for number, step in enumerate(service.init):
        for name, value in step.env.items():
            if isinstance(value, SecretValue) and is_local_secret(value.secret) != local:
                kind, hint = other_secret(on)
                yield (*base, "init", number, "env", name), f"the {kind} of env {name}{suffix}", hint
        if not (step.command or (not local and (step.args or step.image))):
            yield (*base, "init", number, "name"), f"a step without command{suffix}", "add command: [...]"


_LOCAL_FIELDS = (
    ("files", "let the service read from its working folder"),
    ("volumes", "let the service write below its working folder"),
    ("user", "leave it out: processes run as the user that applies"),
)
"""Fields that this machine ignores, and what to do."""


def other_secret(on: str) -> tuple[str, str]:
    """Returns what a secret that the target cannot read is, and how to write one that it can."""
    if on == "local":
        return "named secret", "write env:NAME or file:PATH"
    return "secret of this machine", "name a Secret of the cluster: {name: NAME, key: KEY}"


def is_local_secret(secret: Secret) -> bool:
    """Checks whether apply reads the secret on this machine."""
    name = secret.name if isinstance(secret, SecretReference) else secret
    return name.startswith(("env:", "file:"))
