"""Checks of certificates that a stack names for its broker: readable, valid, of one another, and for the right name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

from rohe_iac.blueprint.checks.broker.certificate_faults import certificate_faults
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.language.pipeline import SecretValue
from rohe_iac.blueprint.language.stack import Stack
from rohe_iac.foundation.clock import SystemClock

CODE = "R244"

LOCAL_NAME = "127.0.0.1"
"""What clients on this machine connect to."""


def check(document: Document, stack: Stack, root: FilePath) -> Iterator[Finding]:
    """Yields what is wrong with the certificate, key and authority that the stack names.

    Secrets of a cluster and variables are not looked at: apply checks them.

    Args:
        document: The document of the stack.
        stack: The stack.
        root: The blueprint's root, which paths are relative to.
    """
    embedded = stack.spec.broker.embedded
    tls = embedded.tls if embedded is not None else None
    if tls is None or not tls.given:
        return
    at = ("spec", "broker", "embedded", "tls")
    missing = [name for name in ("certificate", "key", "ca") if name not in tls.given]
    if missing:
        verb = "are" if missing[1:] else "is"
        message = f"certificate, key and ca go together: {' and '.join(missing)} {verb} absent"
        yield Finding(document, at, CODE, message, "name all three, or none: apply then makes certificates itself")
        return
    contents: dict[str, bytes] = {}
    for name, value in tls.given.items():
        path = _path(value, root)
        try:
            if path is not None:
                contents[name] = path.read_bytes()
        except OSError as error:
            message = f"the file of {name} cannot be read: {error.strerror}"
            yield Finding(document, (*at, name), CODE, message, f"looked for {path}")
    if len(contents) == len(tls.given):
        yield from _faults(document, at, contents, name_of_server(stack))


def name_of_server(stack: Stack) -> str:
    """Returns what the clients of the stack's own broker connect to."""
    cluster = stack.spec.target.kubernetes
    return LOCAL_NAME if cluster is None else f"rohe-broker.{cluster.namespace}.svc"


def _faults(document: Document, at: tuple[str, ...], contents: dict[str, bytes], name: str) -> Iterator[Finding]:
    certificate, key, ca = (contents[part] for part in ("certificate", "key", "ca"))
    for part, fault in certificate_faults(certificate, key, ca, name, SystemClock().now()):
        hint = "clients check all of this, and would refuse the broker"
        yield Finding(document, (*at, part), CODE, f"the {part} cannot be used: {fault}", hint)


def _path(value: SecretValue, root: FilePath) -> FilePath | None:
    """Returns the file that a secret of this machine is in, None for any other secret."""
    text = value.secret if isinstance(value.secret, str) else value.secret.name
    return root / FilePath(text.removeprefix("file:")).expanduser() if text.startswith("file:") else None
