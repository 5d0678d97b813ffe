"""Documents of the target `local`, read from a manifest's text into frozen values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from rohe_iac.targets.manifest_document import ManifestDocument, reading


@dataclass(frozen=True, slots=True)
class PreparationSpec:
    """One command that runs to its end before each start of a process.

    Attributes:
        name: The name of the step.
        command: The program and its arguments.
        environment: Variables with plain values, beside those of the process.
        secrets: Sources of secret values by variable.
    """

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    secrets: dict[str, str]


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One replica or agent.

    Attributes:
        name: Name of the instance.
        address: Address of the stack's part.
        command: The program and its arguments.
        working_directory: The working directory, relative to the blueprint's root.
        environment: Variables with plain values.
        paths: Variables whose values are paths relative to the stack's folder.
        secrets: Sources of secret values by variable, `env:NAME` or `file:PATH`.
        files: Contents by name of the files to write for the process.
        ports: Port numbers by name.
        readiness: The probe, as the manifest has it, or None.
        startup: Seconds that the process has to get ready.
        cpu: Limit in millicores, 0 where unlimited.
        memory: Limit in bytes, 0 where unlimited.
        liveness: The liveness probe, as the manifest has it, or None.
        datagrams: Names of the ports that are UDP.
        unenforced: Names of planned amounts that nothing on this machine limits, such as `gpu memory`.
        once: Whether the process has to end with exit code 0, and runs again only when it is changed.
        variables: Sources of secrets that hold several variables, one NAME=VALUE a line; a later one counts more, and
            every other variable more than theirs.
        preparations: The commands that run to their end before each start, in this order.
        devices: Paths of the device files that it opens.
        serial: Serial of the record in which the manifest changed last, 0 where unknown.
        digest: Digest of the manifest.
    """

    name: str
    address: str
    command: tuple[str, ...]
    working_directory: str
    environment: dict[str, str]
    paths: dict[str, str]
    secrets: dict[str, str]
    files: dict[str, str]
    ports: dict[str, int]
    readiness: dict[str, Any] | None
    startup: float
    cpu: int = 0
    memory: int = 0
    liveness: dict[str, Any] | None = None
    datagrams: tuple[str, ...] = ()
    unenforced: tuple[str, ...] = ()
    once: bool = False
    variables: tuple[str, ...] = ()
    preparations: tuple[PreparationSpec, ...] = ()
    devices: tuple[str, ...] = ()
    serial: int = 0
    digest: str = ""


def process_of(document: ManifestDocument) -> ProcessSpec:
    """Returns the specification of a document of kind Process.

    Raises:
        UnreadableManifest: A field is absent or wrong.
    """
    with reading(document):
        spec = document.spec
        limits = spec.get("limits") or {}
        return ProcessSpec(
            name=document.name,
            address=document.address,
            command=tuple(str(word) for word in spec["command"]),
            working_directory=spec.get("workingDirectory") or ".",
            environment={name: str(value) for name, value in (spec.get("environment") or {}).items()},
            paths={name: _path(path) for name, path in (spec.get("paths") or {}).items()},
            secrets=dict(spec.get("secrets") or {}),
            files={_file_name(file["name"]): file["content"] for file in spec.get("files") or ()},
            ports={name: int(port) for name, port in (spec.get("ports") or {}).items()},
            readiness=spec.get("readiness"),
            startup=float(spec.get("startup") or 30.0),
            cpu=int(limits.get("cpu") or 0),
            memory=int(limits.get("memory") or 0),
            liveness=spec.get("liveness"),
            datagrams=tuple(spec.get("datagrams") or ()),
            unenforced=tuple(str(name) for name in spec.get("unenforced") or ()),
            once=bool(spec.get("once")),
            variables=tuple(str(source) for source in spec.get("variables") or ()),
            preparations=tuple(_preparation(step) for step in spec.get("preparations") or ()),
            devices=tuple(str(path) for path in spec.get("devices") or ()),
            serial=document.serial,
            digest=document.digest,
        )


def _preparation(step: dict[str, Any]) -> PreparationSpec:
    return PreparationSpec(
        name=str(step["name"]),
        command=tuple(str(word) for word in step["command"]),
        environment={name: str(value) for name, value in (step.get("environment") or {}).items()},
        secrets=dict(step.get("secrets") or {}),
    )


def _file_name(text: object) -> str:
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", text):
        raise ValueError(f"{str(text)[:80]!r} is no name of a file")
    return text


def _path(text: object) -> str:
    """Returns a path that stays inside the stack's folder."""
    path = PurePosixPath(str(text))
    if not isinstance(text, str) or path.is_absolute() or ".." in path.parts or "\0" in text:
        raise ValueError(f"{str(text)[:80]!r} is no path inside the stack's folder")
    return text
