"""Manifest document: the document of a manifest that rohe itself reads, such as a Process or a Credential."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.names import is_name
from rohe_iac.manifests.manifest import DIGEST_LENGTH


class UnreadableManifest(RoheError):
    """A manifest is no document of rohe."""

    exit_code = ExitCode.INTERNAL


@dataclass(frozen=True, slots=True)
class ManifestDocument:
    """What every document has.

    Attributes:
        kind: Its kind.
        name: Its name.
        stack: Name of the stack.
        address: Address of the stack's part.
        spec: Its specification.
        serial: Serial of the record in which its text changed last, 0 where unknown.
        digest: Digest of its text, as `Manifest.digest`.
    """

    kind: str
    name: str
    stack: str
    address: str
    spec: dict[str, Any] = field(default_factory=dict)
    serial: int = 0
    digest: str = ""


def read_document(text: str, serial: int = 0) -> ManifestDocument:
    """Reads the document of a manifest's text, which changed last in the record `serial`.

    Raises:
        UnreadableManifest: The text is no document.
    """
    try:
        value = _value(text)
        metadata = value["metadata"]
        return ManifestDocument(
            kind=value["kind"],
            name=checked_name(metadata["name"]),
            stack=metadata.get("stack", ""),
            address=metadata.get("address", ""),
            spec=value.get("spec") or {},
            serial=serial,
            digest=sha256_hex(text.encode())[:DIGEST_LENGTH],
        )
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise UnreadableManifest("a manifest does not read as a document of rohe", detail=_words(error)) from error


def _value(text: str) -> Any:
    """Returns the value of a text; JSON, which is YAML too, is read a hundred times as fast by its own reader."""
    try:
        return json.loads(text)
    except ValueError:
        # Not the reader in C: deep nesting would end the process.
        return yaml.safe_load(text)


def checked_name(text: object) -> str:
    """Returns a name that may be part of a path or a line of settings.

    Raises:
        ValueError: It is none, such as `../web`, or one with a line break.
    """
    if not isinstance(text, str) or not is_name(text):
        raise ValueError(f"{str(text)[:80]!r} is no name: at most 63 characters a-z, 0-9 and inner hyphens")
    return text


@contextlib.contextmanager
def reading(document: ManifestDocument) -> Iterator[None]:
    """Turns the errors of reading a field into UnreadableManifest."""
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
