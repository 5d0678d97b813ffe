"""Documents of the target `local`, read from a manifest's text into frozen values."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import yaml

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.names import is_name


class UnreadableManifest(RoheError):
    """A manifest is no document of the target `local`."""

    exit_code = ExitCode.INTERNAL


@dataclass(frozen=True, slots=True)
class CredentialSpec:
    """A client of the embedded broker.

    Attributes:
        client: Name of the client, which is also its user name.
        publish: MQTT topic filters that the client may publish to.
        subscribe: MQTT topic filters that the client may subscribe to.
    """

    client: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BrokerSpec:
    """The embedded broker.

    Attributes:
        address: Address of the stack's part.
        ports: Port numbers by name.
        users: Names of the clients.
        server: Name of the server, nats or mosquitto.
    """

    address: str
    ports: dict[str, int]
    users: tuple[str, ...]
    server: str = "nats"


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


@dataclass(frozen=True, slots=True)
class ManifestDocument:
    """What every document has: kind, name, stack, address and specification."""

    kind: str
    name: str
    stack: str
    address: str
    spec: dict[str, Any] = field(default_factory=dict)


def read_document(text: str) -> ManifestDocument:
    """Reads the document of a manifest's text.

    Raises:
        UnreadableManifest: The text is no document.
    """
    try:
        value = yaml.safe_load(text)
        metadata = value["metadata"]
        return ManifestDocument(
            kind=value["kind"],
            name=_name(metadata["name"]),
            stack=metadata.get("stack", ""),
            address=metadata.get("address", ""),
            spec=value.get("spec") or {},
        )
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise UnreadableManifest("a manifest does not read as one of the local target", detail=_words(error)) from error


def credential_of(document: ManifestDocument) -> CredentialSpec:
    """Returns the specification of a document of kind Credential.

    Raises:
        UnreadableManifest: A field is absent or wrong.
    """
    with _reading(document):
        spec = document.spec
        client = _name(spec["client"])
        publish, subscribe = (tuple(_topic(topic) for topic in spec[what]) for what in ("publish", "subscribe"))
        return CredentialSpec(client, publish, subscribe)


def broker_of(document: ManifestDocument) -> BrokerSpec:
    """Returns the specification of a document of kind Broker.

    Raises:
        UnreadableManifest: A field is absent or wrong.
    """
    with _reading(document):
        ports = {name: int(port) for name, port in document.spec["ports"].items()}
        server = document.spec.get("server", "nats")
        needed = {"nats": ("mqtt", "nats"), "mosquitto": ("mqtt",)}[server]
        opened = {name: ports[name] for name in (*needed, *ports)}
        return BrokerSpec(document.address, opened, tuple(document.spec["users"]), server)


def process_of(document: ManifestDocument) -> ProcessSpec:
    """Returns the specification of a document of kind Process.

    Raises:
        UnreadableManifest: A field is absent or wrong.
    """
    with _reading(document):
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
        )


def _name(text: object) -> str:
    """Returns a name that may be part of a path or a line of settings.

    Raises:
        ValueError: It is none, such as `../web`, or one with a line break.
    """
    if not isinstance(text, str) or not is_name(text):
        raise ValueError(f"{str(text)[:80]!r} is no name: at most 63 characters a-z, 0-9 and inner hyphens")
    return text


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


def _topic(text: object) -> str:
    """Returns a topic filter that may be part of a line of settings."""
    if not isinstance(text, str) or not text.isprintable():
        raise ValueError(f"{str(text)[:80]!r} is no topic filter")
    return text


@contextlib.contextmanager
def _reading(document: ManifestDocument) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableManifest(
            f"the {document.kind} {document.name} lacks a field or has a wrong one",
            detail=_words(error),
        ) from error


def _words(error: Exception) -> str:
    """Returns in plain words what is wrong with a manifest."""
    if isinstance(error, KeyError):
        return f"the field {error} is missing, or has a value that is not known"
    if isinstance(error, TypeError | AttributeError):
        return "a field has a value of a wrong type"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
