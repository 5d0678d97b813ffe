"""Replaces variables in texts as Docker Compose does: by their values, else by defaults, else by nothing.

Source: "Interpolation" of the Compose Specification
(https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from rohe_iac.blueprint.text.secret_text import has_secret_name, is_secret
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.variables.substitution import UNFILLED, Substitution

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


_OPERATOR = re.compile(r":?[-?+]")


_BRACE = re.compile("[{}]")


FILLED = "variables are replaced by the default (`:-`) or the alternative (`:+`) that the file gives"


GIVEN = "variables are replaced by their values in the environment, --env or the env file"


MAX_NESTING = 20
"""How deep defaults with variables with defaults are substituted."""


MAX_LENGTH = 65536
"""The most characters between the braces of a variable."""


NO_VARIABLES: Mapping[str, str] = {}


def substitute(text: str, known: Mapping[str, str] = NO_VARIABLES, *, keep_secrets: bool = False) -> Substitution:
    """Returns the text with values, defaults or nothing in place of variables.

    Args:
        text: The text as written.
        known: The values of variables that are set.
        keep_secrets: Whether variables stay in the text whose values look like secrets.
    """
    found = Substitution(text)
    found.text = _expand(text, known, found, keep_secrets, 0)
    return found


def whole_variable(text: str) -> str:
    """Returns the name of the variable, where the text is one variable and nothing else; "" otherwise."""
    token = _token(text, 0) if text.startswith("$") else None
    return token[0] if token is not None and token[2] == len(text) else ""


def missing_notes(done: Substitution) -> list[str]:
    """Returns what is said of the variables that have neither a value nor a default."""
    found: list[str] = []
    for name in dict.fromkeys(done.missing):
        said = f"the variable {name} has no value, so it is empty, as with Docker Compose"
        if name in done.required:
            reason = f": {done.required[name][:80]}" if done.required[name] else ""
            said = f"the variable {name} has no value, and the file requires one{reason}"
        found.append(f"{said}; give it with --env {name}=VALUE")
    return found


def holds_secret(done: Substitution) -> bool:
    """Checks whether a value needs a variable that looks like a secret, by its value or, without one, by its name."""
    return bool(done.kept) or any(has_secret_name(name) for name in done.missing)


def drop_if_unfilled(field: Field) -> bool:
    """Checks whether the value of the field is not known, since a variable has no value, and drops it then."""
    if field.node.substitution is None or not field.node.substitution.is_unfilled:
        return False
    field.drop(UNFILLED)
    return True


def note_values(field: Field, done: Substitution) -> None:
    """Notes which variables of a text have no value, and where the others are from."""
    for text in missing_notes(done):
        field.note(text)
    if done.given or done.defaults:
        field.note(GIVEN if done.given else FILLED)


def _expand(text: str, known: Mapping[str, str], found: Substitution, keep_secrets: bool, depth: int) -> str:
    parts: list[str] = []
    place = 0
    while (sign := text.find("$", place)) >= 0 and depth <= MAX_NESTING:
        parts.append(text[place:sign])
        token = None if text.startswith("$", sign + 1) else _token(text, sign)
        if token is None:
            parts.append("$")
            place = sign + (2 if text.startswith("$", sign + 1) else 1)
            continue
        name, rest, place = token
        parts.append(_value(name, rest, known, found, keep_secrets, depth))
    return "".join([*parts, text[place:]])


def _token(text: str, sign: int) -> tuple[str, str, int] | None:
    """Returns the variable whose `$` is at `sign`: its name, the operator with what follows, and the place behind it.

    None where no variable begins there.
    """
    braced = text.startswith("{", sign + 1)
    name = _NAME.match(text, sign + 1 + braced)
    if name is None:
        return None
    if not braced:
        return name[0], "", name.end()
    end = _end_of_braces(text, name.end())
    rest = text[name.end() : end]
    if end < 0 or (rest and not _OPERATOR.match(rest)):
        return None
    return name[0], rest, end + 1


def _value(name: str, rest: str, known: Mapping[str, str], found: Substitution, keep_secrets: bool, depth: int) -> str:
    """Returns what a variable is replaced by, `${NAME}` where it stays. rest: the operator and the text after it."""
    sign = _OPERATOR.match(rest)
    operator = sign[0] if sign is not None else ""
    other = rest[len(operator) :]
    value = known.get(name)
    is_set = value is not None and not (operator.startswith(":") and not value)
    if operator.endswith("+"):
        found.defaults.append(name)
        return _expand(other, known, found, keep_secrets, depth + 1) if is_set else ""
    if is_set and value is not None:
        if keep_secrets and is_secret(name, value):
            found.kept.append(name)
            return f"${{{name}}}"
        found.given.append(name)
        return value
    if operator.endswith("-"):
        found.defaults.append(name)
        return _expand(other, known, found, keep_secrets, depth + 1)
    found.missing.append(name)
    if operator.endswith("?"):
        found.required[name] = other
    return ""


def _end_of_braces(text: str, begin: int) -> int:
    """Returns the place of the brace that closes the one before a name that ends at `begin`; -1 where there is none.

    Where braces are not balanced, the first that closes counts.
    """
    depth = 1
    for brace in _BRACE.finditer(text, begin, begin + MAX_LENGTH):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.start()
        if depth > MAX_NESTING:
            break
    return text.find("}", begin, begin + MAX_LENGTH)
