"""The local target's documents, read from a manifest's text into frozen values."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from rohe_iac.foundation.errors import ExitCode, RoheError


class UnreadableManifest(RoheError):
    """A manifest is not one that the local target knows."""

    exit_code = ExitCode.INTERNAL


@dataclass(frozen=True, slots=True)
class CredentialSpec:
    """A user of the embedded broker with the MQTT topic filters it may publish to and subscribe to."""

    client: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BrokerSpec:
    """The embedded broker: its ports by name and its users."""

    address: str
    ports: dict[str, int]
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One replica or agent. Paths are relative: working_directory to the blueprint's root, paths to the stack's folder.

    secrets: variable -> where its value is, `env:NAME` or `file:PATH`. files: name -> content. startup: seconds.
    cpu: millicores, memory: bytes; 0 where unlimited.
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


@dataclass(frozen=True, slots=True)
class ManifestDocument:
    """What every manifest says: its kind, name, stack, address and specification."""

    kind: str
    name: str
    stack: str
    address: str
    spec: dict[str, Any] = field(default_factory=dict)


def read_document(text: str) -> ManifestDocument:
    """The document of a manifest's text.

    Errors: UnreadableManifest.
    """
    try:
        value = yaml.safe_load(text)
        metadata = value["metadata"]
        return ManifestDocument(
            kind=value["kind"],
            name=metadata["name"],
            stack=metadata.get("stack", ""),
            address=metadata.get("address", ""),
            spec=value.get("spec") or {},
        )
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableManifest("a manifest does not read as one of the local target", detail=str(error)) from error


def credential_of(document: ManifestDocument) -> CredentialSpec:
    """The credential that a document of kind Credential asks for. Errors: UnreadableManifest."""
    with _reading(document):
        spec = document.spec
        return CredentialSpec(spec["client"], tuple(spec["publish"]), tuple(spec["subscribe"]))


def broker_of(document: ManifestDocument) -> BrokerSpec:
    """The broker that a document of kind Broker asks for. Errors: UnreadableManifest."""
    with _reading(document):
        ports = {name: int(port) for name, port in document.spec["ports"].items()}
        ports["mqtt"], ports["nats"]
        return BrokerSpec(document.address, ports, tuple(document.spec["users"]))


def process_of(document: ManifestDocument) -> ProcessSpec:
    """The process that a document of kind Process asks for. Errors: UnreadableManifest."""
    with _reading(document):
        spec = document.spec
        limits = spec.get("limits") or {}
        return ProcessSpec(
            name=document.name,
            address=document.address,
            command=tuple(str(word) for word in spec["command"]),
            working_directory=spec.get("workingDirectory") or ".",
            environment={name: str(value) for name, value in (spec.get("environment") or {}).items()},
            paths=dict(spec.get("paths") or {}),
            secrets=dict(spec.get("secrets") or {}),
            files={item["name"]: item["content"] for item in spec.get("files") or ()},
            ports={name: int(port) for name, port in (spec.get("ports") or {}).items()},
            readiness=spec.get("readiness"),
            startup=float(spec.get("startup") or 30.0),
            cpu=int(limits.get("cpu") or 0),
            memory=int(limits.get("memory") or 0),
        )


@contextlib.contextmanager
def _reading(document: ManifestDocument) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableManifest(
            f"the {document.kind} {document.name} lacks a field or has a wrong one",
            detail=f"{type(error).__name__}: {error}",
        ) from error
