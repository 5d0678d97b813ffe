"""Variables of the shell in a Compose file: by what the project's `.env` says, else by their defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rohe_iac.importing.foreign.journal import Field, plain

VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])([^{}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))")


FILLED = "variables of the shell are replaced by their defaults"


FROM_FILE = "variables of the shell are replaced by what the file .env beside it says"


UNFILLED = "it holds a variable of the shell without a default"


MOST_NESTED = 5
"""So deep may defaults hold variables with defaults."""


KEPT = ("environment", "command", "entrypoint", "healthcheck")
"""Fields that passwords stand in: nothing of the file .env is copied into them."""


NOTHING: Mapping[str, str] = {}


def filled(text: str, known: Mapping[str, str] = NOTHING) -> tuple[str, bool]:
    """The text with each variable's value or default in its place, `$$` as `$`; and whether every variable has one.

    known: the values of variables that are set.
    """
    whole = True
    for _ in range(MOST_NESTED):
        missing = False

        def value(match: re.Match[str]) -> str:
            nonlocal missing
            sign, other = match[2] or "", match[3] or ""
            given = known.get(match[1] or match[4])
            there = given is not None and not (sign.startswith(":") and not given)
            if sign.endswith("+"):
                return other if there else ""
            if there and given is not None:
                return given.replace("$", "$$")
            if not sign.endswith("-"):
                missing = True
                return match[0]
            return other

        changed = "$$".join(VARIABLE.sub(value, part) for part in text.split("$$"))
        whole = not missing
        if changed == text:
            break
        text = changed
    return text.replace("$$", "$"), whole


def is_unfilled(field: Field) -> bool:
    """Whether a figure is not known since a variable holds it, which is told."""
    if VARIABLE.search(field.text) is None:
        return False
    field.drop(UNFILLED)
    return True


def fill(service: Field, known: Mapping[str, str], seen: set[int]) -> None:
    """Puts values in the place of variables in all of a service but its environment, which sees to them itself.

    seen: what was filled already, for an alias stands for the same in several services.
    """
    for key, part in service.entries():
        if plain(key) != "environment":
            _fill(part, NOTHING if plain(key) in KEPT else known, seen)


def _fill(field: Field, known: Mapping[str, str], seen: set[int]) -> None:
    node = field.node
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node.value, str) and "$" in node.value:
        text, whole = filled(node.value, known)
        if not whole:
            field.note("a variable of the shell without a default is not filled in")
        elif text != node.value.replace("$$", "$"):
            field.note(FILLED if text == filled(node.value)[0] else FROM_FILE)
        node.value = text
    for part in [part for _, part in field.entries()] + field.items():
        _fill(part, known, seen)
