"""Variables of a shell or of Compose, such as ${TAG}, in values that nothing replaces them in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import warning
from rohe_iac.blueprint.hints.writing import find_variable, values_hint
from rohe_iac.blueprint.text.parsed import Path

MAX_STRAYS = 50
"""The most such values of one document that are reported."""

_SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh", "ksh", "busybox"))
"""Programs that replace variables themselves."""

_COMMAND_LINES = frozenset(("command", "args", "exec"))
"""Fields with words of a command line, where a reference to a variable is written $(NAME)."""

_REMARKS = frozenset(("annotations", "description", "options", "pattern"))
"""Fields in which such text may be meant, or reaches nobody."""


def check_variables_in_values(document: Document) -> Iterator[Finding]:
    """Yields a warning for every value with a variable that stays as it is written."""
    if "${" not in document.source.text:
        return
    for path, text, name in islice(_strays(document.value, ()), MAX_STRAYS):
        message = f"'${{{name[:60]}}}' stays as it is written: nothing replaces variables here"
        hint = "write the value itself" if document.kind == "Module" else values_hint(text)
        if "env" in path[:-1]:
            hint = "write the value itself, or {secret: 'env:" + name[:60] + "'} for a variable of this machine"
        elif not _COMMAND_LINES.isdisjoint(map(str, path)):
            hint = f"write $({name[:60]}) for a variable of the replica, or run a shell: [sh, -c, ...]"
        yield warning(document, path, "R252", message, hint)


def _strays(value: Any, path: Path) -> Iterator[tuple[Path, str, str]]:
    """Yields the path of each value with a variable, the value, and the name of its first variable."""
    if isinstance(value, dict):
        skipped = _REMARKS | (_COMMAND_LINES if _runs_shell(value) else frozenset())
        for key, part in value.items():
            if key not in skipped:
                yield from _strays(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _strays(part, (*path, index))
    elif isinstance(value, str) and (name := find_variable(value)):
        yield path, value, name


def _runs_shell(part: dict[Any, Any]) -> bool:
    """Checks whether a part with a command line runs a shell, or what the image says, which may be one."""
    words = [word for name in _COMMAND_LINES for word in _words(part.get(name))]
    if any(word.rpartition("/")[2] in _SHELLS for word in words):
        return True
    return "args" in part and not part.get("command") and not part.get("exec")


def _words(value: Any) -> list[str]:
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []
