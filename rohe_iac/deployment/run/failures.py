"""The engine's trouble, translated at one door."""

from __future__ import annotations

import re

from rohe_iac.foundation.errors import ExitCode, RoheError


class EngineFailed(RoheError):
    """The engine itself failed, not one of the resources."""

    exit_code = ExitCode.UNREACHABLE


class EngineBusy(RoheError):
    """The engine's backend says that another run is at work on the stack."""

    exit_code = ExitCode.LOCKED


_COLOUR = re.compile(r"\x1b\[[0-9;]*m|<\{%[^%]*%\}>")


_PREFIXES = (
    re.compile(r"^error: "),
    re.compile(r"^rpc error: code = \w+ desc = "),
    re.compile(r"^\d+ errors? occurred:\s*\*?\s*"),
)


def reason(message: str) -> str:
    """What a provider said, without the engine's wrapping and colours."""
    text = _COLOUR.sub("", message).strip()
    while True:
        shorter = text
        for prefix in _PREFIXES:
            shorter = prefix.sub("", shorter).strip()
        if shorter == text:
            return text
        text = shorter


def engine_failed(output: str, diagnostics: list[str]) -> RoheError:
    """The error for an engine that ended badly without any resource having failed."""
    text = _COLOUR.sub("", output)
    if "the stack is currently locked by" in text:
        return EngineBusy("the engine says that another run is at work on the stack", detail=text[-800:])
    lines = [line for line in (diagnostics or text.splitlines()) if line.strip()]
    return EngineFailed(
        "the Pulumi engine failed", detail="\n".join(lines[-12:]), hint="run `rohe doctor`, then the same command again"
    )
