"""The environment of a Compose service; values from the shell, and values that look secret, become secrets."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from rohe_iac.foundation.names import is_variable
from rohe_iac.importing.compose.files import variables_of
from rohe_iac.importing.compose.variables import FILLED, UNFILLED, VARIABLE, substitute
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles

_SECRET = re.compile(
    r"(?i)(passw(or)?d|passphrase|(^|_)pass(_|$)|_pwd$|secret|token(?!iz)|credential"
    r"|(api|access|app|auth|encryption|fernet|jwt|license|master|private|session|signing|ssh)_?key)"
)


_ABOUT = re.compile(
    r"(?i)(^|_)(count|days|enabled|expir[a-z]*|hours|len|length|limit|max|min|minutes|num|size|ttl)(_|$)"
)
"""Words in the name of a variable that is about secrets and holds none, such as TOKEN_COUNT."""


_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


_LOGIN = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/@\s:]*:[^/@\s]+@")
"""An address with a password in it."""


NOT_COPIED = "the file .env beside it says what it is, which is not copied"


SHELL = "it holds variables of the shell"


SECRET_FILE = (
    "it names the file of a secret, and a secret reaches a replica as a variable: write the variable without _FILE as "
    "{secret: file:PATH} or {secret: env:NAME}"
)


def add_environment(
    field: Field, service: dict[str, Any], target: str, referenced_files: ReferencedFiles, known: Collection[str] = ()
) -> None:
    """Adds `environment`, a mapping or a list of NAME=VALUE, and the files of `env_file` to a service's `env`.

    Values of `environment` replace those of the files.

    Args:
        field: The service in the file.
        service: The service of the pipeline, added to.
        target: The name of the service in the journal.
        referenced_files: Access to the files of `env_file`.
        known: Names of variables whose values stand in the file .env, and are not copied.
    """
    variables = field.get("environment", "env")
    env: dict[str, Any] = {}
    for name, text_in_file, part in variables_of(field, referenced_files):
        value = _value(name, text_in_file, part, known)
        if value is not None:
            env[name] = value
            part.map_to(f"{target}.env")
    for name, text, part in _pairs(variables) if variables is not None else []:
        value = _value(name, text, part, known)
        if value is not None:
            env[name] = value
            part.map_to(f"{target}.env.{name}")
    if env:
        service["env"] = env


def _pairs(variables: Field) -> list[tuple[str, str | None, Field]]:
    if variables.is_mapping:
        return [(key, part.text if part.is_scalar else None, part) for key, part in variables.entries()]
    pairs: list[tuple[str, str | None, Field]] = []
    for item in variables.as_list():
        name, sign, text = item.text.partition("=")
        pairs.append((name, text if sign else None, item))
    return [pair for pair in pairs if pair[0]]


def _value(name: str, text: str | None, part: Field, known: Collection[str]) -> str | dict[str, str] | None:
    """Returns the value of a variable, text or a reference to a secret; None where the variable is dropped.

    Args:
        name: The name of the variable.
        text: The value in the file; None where the file gives none.
        part: The entry of the file.
        known: Names of variables whose values stand in the file .env, and are not copied.
    """
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
    substituted, is_filled = substitute(text)
    if not is_filled or used & set(known):
        # The file has no value that may be copied: as with a secret, the value comes from the shell of `rohe apply`.
        whole = VARIABLE.fullmatch(text)
        source = (whole[1] or whole[4]) if whole is not None else name
        if not _is_name(source):
            part.drop(f"{UNFILLED}; write it out, or as {{secret: env:NAME}}")
            return None
        if used & set(known) or whole is None:
            part.note(f"{NOT_COPIED if used & set(known) else SHELL}: set {source} where `rohe apply` runs")
        return {"secret": f"env:{source}"}
    named = _SECRET.search(name) is not None and _ABOUT.search(name) is None
    if (named or _LOGIN.search(substituted) or _KEY.search(substituted)) and substituted and _is_name(name):
        part.note(f"it looks like a secret, so its value is not copied: set {name} where `rohe apply` runs")
        return {"secret": f"env:{name}"}
    if substituted != text.replace("$$", "$"):
        part.note(FILLED)
    return substituted


def _is_name(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None
