"""Which variables hold secrets, by their names and values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rohe_iac.blueprint.text.parsed import Path

_NAMED = re.compile(
    r"(?i)(passw(or)?d|passphrase|(^|_)(pass|pw)(_|$)|_pwd$|secret|token(?!iz)|credential"
    r"|(api|access|app|auth|encryption|fernet|jwt|license|master|private|session|signing|ssh)_?key)"
)

_ABOUT = re.compile(
    r"(?i)(^|_)(count|days|enabled|expir[a-z]*|hours|len|length|limit|max|min|minutes|num|size|ttl)(_|$)"
)
"""Words in the name of a variable that is about secrets and holds none, such as TOKEN_COUNT."""

_WHERE = ("_HOST", "_PORT", "_NAME", "_PATH", "_DIR", "_URL", "_URI", "_POLICY", "_TYPE")
"""Endings of variables that say where a secret is, or of which kind, and hold none themselves."""

_PLAIN = ("true", "false", "yes", "no", "on", "off", "none", "null")

LARGEST_PORT = 65535
"""Whole numbers up to it are ports, sizes and durations; a secret is longer."""

_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


_URL_WITH_PASSWORD = re.compile(
    r"(?<=[A-Za-z0-9+.-])://[^/@\s:]*+:[^/@\s]++@|(?<![^/@\s]):*+[^/@\s:]++:[^/@\s]++@(?:tcp|udp|unix)\("
)
"""An address with a password in it: of a URL, or of the kind `user:password@tcp(host:3306)/name`.

Values may have megabytes, so no search reads a part of one twice: each begins where a part begins, and gives none back.
"""

_TOKEN = re.compile(
    r"(?<![\w-])(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}"
    r"|[rs]k_(live|test)_\w{16,}|sk-[\w-]{20,}|(AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])|AIza[\w-]{35}|hf_[A-Za-z0-9]{20,}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+)"
)
"""Tokens of services that write what they are at the beginning."""

_SETTING = re.compile(r"(?i)(^|[;&?\s])(password|passwd|pwd)=[^;&\s]+")
"""A password among the settings of a connection, such as `Server=db;User Id=me;Password=...;`."""


def has_secret_name(name: str) -> bool:
    """Checks whether a variable of that name, as in `DB_TOKEN`, `db-token` or `dbToken`, holds a secret."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.replace("-", "_"))
    upper = name.upper()
    return (
        _NAMED.search(name) is not None
        and _ABOUT.search(name) is None
        and not upper.endswith((*_WHERE, *(f"{ending}S" for ending in _WHERE)))
    )


def is_secret(name: str, value: str) -> bool:
    """Checks whether a variable holds a secret: by its value, or by its name and a value that is no plain word.

    PWD is a password unless its value is a path, since shells keep the working folder in it.
    """
    is_named = has_secret_name(name) or (name.upper() == "PWD" and not value.startswith("/"))
    return looks_secret(value) or (not is_plain(value) and is_named)


def looks_secret(value: str) -> bool:
    """Checks whether a text shows by itself that a secret is in it: an address with a password, a key or a token."""
    return any(pattern.search(value) for pattern in (_URL_WITH_PASSWORD, _KEY, _TOKEN, _SETTING))


def secret_in(name: str, value: object) -> Path | None:
    """Returns the path in a value to the first text that is a secret; None where there is none.

    Args:
        name: The name of the value; names within a mapping count as well.
        value: The value; a text that says where a secret is (`env:NAME`, `file:PATH`) holds none.
    """
    if isinstance(value, str):
        return () if not value.startswith(("env:", "file:")) and is_secret(name, value) else None
    parts: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, Mapping):
        parts = ((str(key), part) for key, part in value.items())
    elif isinstance(value, list | tuple):
        parts = enumerate(value)
    for key, part in parts:
        found = secret_in(key if isinstance(key, str) else name, part)
        if found is not None:
            return (key, *found)
    return None


def is_plain(value: str) -> bool:
    """Checks whether a value is no secret whatever its name: empty, a plain word, or a number up to that of a port."""
    word = value.strip().lower()
    return not word or word in _PLAIN or (re.fullmatch(r"\d{1,5}", word) is not None and int(word) <= LARGEST_PORT)
