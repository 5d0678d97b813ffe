"""Environment of a Compose service; what comes from the shell, and what looks like a secret, becomes a secret."""

from __future__ import annotations

import re
from typing import Any

from rohe_iac.blueprint.importing.beside import Beside
from rohe_iac.blueprint.importing.compose_files import variables_of
from rohe_iac.blueprint.importing.compose_reading import FILLED, VARIABLE, filled
from rohe_iac.blueprint.importing.journal import Field

_SECRET = re.compile(
    r"(?i)(passw(or)?d|passphrase|(^|_)pass(_|$)|_pwd$|secret|token|credential|api_?key|access_?key|private_?key)"
)
_LOGIN = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/@\s:]*:[^/@\s]+@")
"""An address with a password in it."""


def take_environment(field: Field, service: dict[str, Any], target: str, beside: Beside) -> None:
    """`environment` as a mapping or as a list of NAME=VALUE, which goes before what the files of `env_file` say."""
    given = field.get("environment", "env")
    env: dict[str, Any] = {}
    for name, written, part in variables_of(field, beside):
        value = _value(name, written, part)
        if value is not None:
            env[name] = value
            part.to(f"{target}.env")
    for name, text, part in _pairs(given) if given is not None else []:
        value = _value(name, text, part)
        if value is not None:
            env[name] = value
            part.to(f"{target}.env.{name}")
    if env:
        service["env"] = env


def _pairs(given: Field) -> list[tuple[str, str | None, Field]]:
    if given.is_mapping:
        return [(key, part.text if part.is_scalar else None, part) for key, part in given.entries()]
    pairs: list[tuple[str, str | None, Field]] = []
    for item in given.items():
        name, sign, text = item.text.partition("=")
        pairs.append((name, text if sign else None, item))
    return [pair for pair in pairs if pair[0]]


def _value(name: str, text: str | None, part: Field) -> Any:
    if text is None:
        if part.is_mapping or part.is_list:
            part.drop("a variable is text")
            return None
        return {"secret": f"env:{name}"} if _is_name(name) else None
    if not text:
        return ""
    whole = VARIABLE.fullmatch(text)
    if whole is not None and (whole[2] is None or not whole[2].endswith(("-", "+"))):
        # Nothing stands in the file: the value comes from where apply runs, which is what a secret is.
        return {"secret": f"env:{whole[1] or whole[4]}"}
    plain, known = filled(text)
    if not known:
        part.drop("it holds variables of the shell without a default; write it out, or as {secret: env:NAME}")
        return None
    if (_SECRET.search(name) or _LOGIN.search(plain)) and plain and _is_name(name):
        part.note(f"it looks like a secret, so its value is not copied: set {name} where `rohe apply` runs")
        return {"secret": f"env:{name}"}
    if plain != text.replace("$$", "$"):
        part.note(FILLED)
    return plain


def _is_name(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None
