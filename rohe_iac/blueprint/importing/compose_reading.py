"""A Compose file as it is meant: variables of the shell by their defaults, `extends` written out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rohe_iac.blueprint.importing.journal import Field, plain
from rohe_iac.blueprint.importing.reading import Node

VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])([^{}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))")
FILLED = "variables of the shell are replaced by their defaults"
MOST_NESTED = 5
"""So deep may defaults hold variables with defaults."""
JOINED = ("ports", "expose", "volumes", "environment", "tmpfs", "devices", "secrets", "configs", "envfile", "dns")
"""Lists of which `extends` keeps the items of both services."""


def filled(text: str) -> tuple[str, bool]:
    """The text with each variable's default in its place, `$$` as `$`; and whether every variable has one."""
    whole = True
    for _ in range(MOST_NESTED):
        missing = False

        def default(match: re.Match[str]) -> str:
            nonlocal missing
            if match[2] is not None and match[2].endswith("+"):
                return ""  # what stands in for a variable that is set, and here none is
            if match[2] is None or not match[2].endswith("-"):
                missing = True
                return match[0]
            return match[3] or ""

        changed = "$$".join(VARIABLE.sub(default, part) for part in text.split("$$"))
        whole = not missing
        if changed == text:
            break
        text = changed
    return text.replace("$$", "$"), whole


def fill(services: Field) -> None:
    """Puts defaults in the place of variables in all of each service but its environment, which sees to them itself."""
    seen: set[int] = set()  # what an alias stands for is filled once
    for _, field in services.entries():
        for key, part in field.entries():
            if plain(key) != "environment":
                _fill(part, seen)


def _fill(field: Field, seen: set[int]) -> None:
    if id(field.node) in seen:
        return
    seen.add(id(field.node))
    if isinstance(field.node.value, str) and "$" in field.node.value:
        text, whole = filled(field.node.value)
        if not whole:
            field.note("a variable of the shell without a default is not filled in")
        elif text != field.node.value.replace("$$", "$"):
            field.note(FILLED)
        field.node.value = text
    for part in _parts(field):
        _fill(part, seen)


def _parts(field: Field) -> Iterator[Field]:
    yield from (part for _, part in field.entries())
    yield from field.items()


def extend(services: Field) -> None:
    """Writes out what services of this file take over from others of it, by `extends`."""
    done: set[str] = set()
    for key, field in services.entries():
        _extend(key, field, services, done, ())


def _extend(key: str, field: Field, services: Field, done: set[str], around: tuple[str, ...]) -> None:
    if key in done or not field.is_mapping:
        return
    done.add(key)
    extends = field.get("extends")
    if extends is None:
        return
    named, elsewhere = (extends.get("service"), extends.get("file")) if extends.is_mapping else (extends, None)
    base = next((part for name, part in services.entries() if named is not None and name == named.text), None)
    if elsewhere is not None or base is None or not base.is_mapping:
        extends.drop("the service is not in this file; run `docker compose config` first and import what it prints")
        return
    if named is None or named.text in (key, *around):
        extends.drop("it takes over from itself")
        return
    _extend(named.text, base, services, done, (*around, key))
    field.node.entries = _merged(base.node, field.node)
    field.node.spelled = None
    extends.to(f"written out: what it has of '{named.text[:60]}'")


def _merged(base: Node, own: Node) -> dict[str, Node]:
    entries = {key: node for key, node in (base.entries or {}).items() if plain(key) not in ("extends", "dependson")}
    for key, node in (own.entries or {}).items():
        known = entries.get(key)
        if known is None:
            entries[key] = node
        elif known.entries is not None and node.entries is not None:
            entries[key] = Node(node.file, node.line, node.column, entries=_merged(known, node))
        elif known.items is not None and node.items is not None and plain(key) in JOINED:
            entries[key] = Node(node.file, node.line, node.column, items=[*known.items, *node.items])
        else:
            entries[key] = node
    return entries
