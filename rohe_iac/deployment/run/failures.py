"""Failures of the engine, translated from its messages in this one place."""

from __future__ import annotations

import re

from rohe_iac.foundation.errors import ExitCode, RoheError


class EngineFailed(RoheError):
    """The engine itself failed, rather than one of the resources."""

    exit_code = ExitCode.UNREACHABLE


class ForeignResource(RoheError):
    """Somebody else registered a resource with the engine of this run."""

    exit_code = ExitCode.UNREACHABLE


class EngineBusy(RoheError):
    """The engine's backend reports that another run is at work on the stack."""

    exit_code = ExitCode.LOCKED


FOREIGN = "a resource that is not of this plan was registered with the engine, maybe by another user of this machine"
"""What happened where the engine is asked for anything but the plan's resources."""

_URN = re.compile(r'"?urn:pulumi:[^\s"\\]*::([^\s":\\]+)"?')
"""The engine's name of a resource, of which people know the last part."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m|<\{%[^%]*%\}>")
"""Terminal colours and the engine's own marks of colours."""

_PREFIXES = (
    re.compile(r"^error: "),
    re.compile(r"^rpc error: code = \w+ desc = "),
    re.compile(r"^\d+ errors? occurred:\s*\*?\s*"),
    re.compile(r"^resource \S+ was not successfully created by the [\w ]+ server: "),
    re.compile(r"^resource \S+ was successfully created, but .*? failed to fully initialize or become live: "),
    re.compile(r"^the [\w ]+ server reported that \S+ failed to fully initialize or become live: "),
)
"""What the engine puts in front of a provider's message, in any order and number."""


def provider_message(message: str) -> str:
    """Returns a provider's own words: `message` without the engine's prefixes, colours and names of resources."""
    text = _COLOUR.sub("", message).strip()
    while True:
        shorter = text
        for prefix in _PREFIXES:
            shorter = prefix.sub("", shorter).strip()
        if shorter == text:
            return _URN.sub(r"\1", text)
        text = shorter


def engine_error(output: str, diagnostics: list[str], foreign: list[str]) -> RoheError:
    """Returns the error for an engine that failed without a failed resource.

    Args:
        output: Everything that the engine printed.
        diagnostics: Messages of the engine's error events; where there are any, the detail has only those.
        foreign: Types and names of the resources that are not of the plan.
    """
    text = _COLOUR.sub("", output)
    if "the stack is currently locked by" in text:
        return EngineBusy("the engine says that another run is at work on the stack", detail=text[-800:])
    lines = [line for line in (diagnostics or text.splitlines()) if line.strip()]
    if foreign:
        return ForeignResource(
            FOREIGN,
            detail="\n".join([f"{foreign[0]}: nothing was made of it", *lines[-12:]]),
            hint="run the same command again: it continues; docs/security.md says what other users can do",
        )
    return EngineFailed(
        "the Pulumi engine failed", detail="\n".join(lines[-12:]), hint="run `rohe doctor`, then the same command again"
    )
