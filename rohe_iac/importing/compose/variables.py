"""Substitutes variables of the shell in a Compose file by the values in the project's `.env`, else by defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rohe_iac.importing.foreign.journal import Field, loose_spelling

VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])([^{}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))")


FILLED = "variables of the shell are replaced by their defaults"


FROM_FILE = "variables of the shell are replaced by what the file .env beside it says"


UNFILLED = "it holds a variable of the shell without a default"


MAX_NESTING = 5
"""How deep defaults with variables with defaults are substituted."""


WITHOUT_DOT_ENV = ("environment", "command", "entrypoint", "healthcheck")
"""Fields that may hold passwords: no value of the file .env is copied into them."""


NO_VARIABLES: Mapping[str, str] = {}


def substitute(text: str, known: Mapping[str, str] = NO_VARIABLES) -> tuple[str, bool]:
    """Returns the text with values or defaults in place of variables, and whether every variable has either.

    `$$` becomes `$`. known: the values of variables that are set.
    """
    whole = True
    for _ in range(MAX_NESTING):
        missing = False

        def value(match: re.Match[str]) -> str:
            nonlocal missing
            sign, other = match[2] or "", match[3] or ""
            known_value = known.get(match[1] or match[4])
            there = known_value is not None and not (sign.startswith(":") and not known_value)
            if sign.endswith("+"):
                return other if there else ""
            if there and known_value is not None:
                return known_value.replace("$", "$$")
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


def drop_if_unfilled(field: Field) -> bool:
    """Checks whether the field holds a variable, so that its value is not known, and drops it then."""
    if VARIABLE.search(field.text) is None:
        return False
    field.drop(UNFILLED)
    return True


def substitute_in_service(service: Field, known: Mapping[str, str], seen: set[int]) -> None:
    """Substitutes variables in all of a service but its environment, which environment.py substitutes.

    Args:
        service: The service in the file, changed in place.
        known: The values of variables that are set.
        seen: Identities of the values done already: an alias is the same value in several services. Added to.
    """
    for key, part in service.entries():
        if loose_spelling(key) != "environment":
            _substitute_in(part, NO_VARIABLES if loose_spelling(key) in WITHOUT_DOT_ENV else known, seen)


def _substitute_in(field: Field, known: Mapping[str, str], seen: set[int]) -> None:
    node = field.node
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node.value, str) and "$" in node.value:
        text, whole = substitute(node.value, known)
        if not whole:
            field.note("a variable of the shell without a default is not filled in")
        elif text != node.value.replace("$$", "$"):
            field.note(FILLED if text == substitute(node.value)[0] else FROM_FILE)
        node.value = text
    for part in [part for _, part in field.entries()] + field.items():
        _substitute_in(part, known, seen)
