"""Environment of a Compose service; what comes from the shell, and what looks like a secret, becomes a secret."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from rohe_iac.blueprint.language.container import is_variable
from rohe_iac.importing.compose.files import variables_of
from rohe_iac.importing.compose.variables import FILLED, UNFILLED, VARIABLE, filled
from rohe_iac.importing.foreign.beside import Beside
from rohe_iac.importing.foreign.journal import Field

_SECRET = re.compile(
    r"(?i)(passw(or)?d|passphrase|(^|_)pass(_|$)|_pwd$|secret|token(?!iz)|credential"
    r"|(api|access|app|auth|encryption|fernet|jwt|license|master|private|session|signing|ssh)_?key)"
)


_ABOUT = re.compile(
    r"(?i)(^|_)(count|days|enabled|expir[a-z]*|hours|len|length|limit|max|min|minutes|num|size|ttl)(_|$)"
)
"""What says that a variable is about secrets, and holds none."""


_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


_LOGIN = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/@\s:]*:[^/@\s]+@")
"""An address with a password in it."""


NOT_COPIED = "the file .env beside it says what it is, which is not copied"


SHELL = "it holds variables of the shell"


SECRET_FILE = (
    "it names the file of a secret, and a secret reaches a replica as a variable: write the variable without _FILE as "
    "{secret: file:PATH} or {secret: env:NAME}"
)


def take_environment(
    field: Field, service: dict[str, Any], target: str, beside: Beside, known: Collection[str] = ()
) -> None:
    """`environment` as a mapping or as a list of NAME=VALUE, which goes before what the files of `env_file` say.

    known: names of variables that have a value elsewhere, which is not copied.
    """
    given = field.get("environment", "env")
    env: dict[str, Any] = {}
    for name, written, part in variables_of(field, beside):
        value = _value(name, written, part, known)
        if value is not None:
            env[name] = value
            part.to(f"{target}.env")
    for name, text, part in _pairs(given) if given is not None else []:
        value = _value(name, text, part, known)
        if value is not None:
            env[name] = value
            part.to(f"{target}.env.{name}")
    if env:
        service["env"] = env


def _pairs(given: Field) -> list[tuple[str, str | None, Field]]:
    if given.is_mapping:
        return [(key, part.text if part.is_scalar else None, part) for key, part in given.entries()]
    pairs: list[tuple[str, str | None, Field]] = []
    for item in given.listed():
        name, sign, text = item.text.partition("=")
        pairs.append((name, text if sign else None, item))
    return [pair for pair in pairs if pair[0]]


def _value(name: str, text: str | None, part: Field, known: Collection[str]) -> Any:
    if not is_variable(name):
        part.drop("not the name of a variable: letters, digits and _, not beginning with a digit")
        return None
    if text is None:
        if part.is_mapping or part.is_list:
            part.drop("a variable is text")
            return None
        return {"secret": f"env:{name}"} if _is_name(name) else None
    if not text:
        return ""
    if name.upper().endswith("_FILE") and text.startswith("/run/secrets/"):
        part.drop(SECRET_FILE)
        return None
    used = {match[1] or match[4] for match in VARIABLE.finditer(text.replace("$$", ""))}
    plain, is_filled = filled(text)
    if not is_filled or used & set(known):
        # Nothing that may be copied stands in the file: the value comes from where apply runs, as a secret's does.
        whole = VARIABLE.fullmatch(text)
        source = (whole[1] or whole[4]) if whole is not None else name
        if not _is_name(source):
            part.drop(f"{UNFILLED}; write it out, or as {{secret: env:NAME}}")
            return None
        if used & set(known) or whole is None:
            part.note(f"{NOT_COPIED if used & set(known) else SHELL}: set {source} where `rohe apply` runs")
        return {"secret": f"env:{source}"}
    named = _SECRET.search(name) is not None and _ABOUT.search(name) is None
    if (named or _LOGIN.search(plain) or _KEY.search(plain)) and plain and _is_name(name):
        part.note(f"it looks like a secret, so its value is not copied: set {name} where `rohe apply` runs")
        return {"secret": f"env:{name}"}
    if plain != text.replace("$$", "$"):
        part.note(FILLED)
    return plain


def _is_name(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None
