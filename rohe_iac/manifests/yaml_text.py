"""YamlText: a value as YAML that can stand in a template, and never ends before the template says so.

libyaml, through PyYAML, decides how a text is quoted. One call takes 100 microseconds, and a fleet has a
million texts. So collections are laid out here, and libyaml is not asked about texts of characters that never need
quotes. The bytes are those of `yaml.dump`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import yaml

_DUMPER: type[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

ENDLESS = 2**31 - 1
"""A line width that no value reaches, so that nothing is folded."""

REMEMBERED = 20_000
"""Number of texts whose YAML is cached: the manifests of a stack share most of them."""

LONGEST_KEY = 100
"""Characters of a key up to which it is laid out here; YAML marks keys of more than 128 with a question mark."""

_NEEDS_NO_QUOTES = re.compile(r"[A-Za-z0-9/](?:[A-Za-z0-9_./:=@+-]*[A-Za-z0-9_./=@+-])?")
"""Texts without any character that YAML gives a meaning to, where they are in a block; a colon inside has none."""

_PLAIN_IN_FLOW = re.compile(r"[A-Za-z0-9/](?:[A-Za-z0-9_./=@+-]|:[A-Za-z0-9/])*")
"""Texts that need no quotes in braces and brackets either, where a colon or a comma may end a text."""


_COLLECTIONS = (dict, list, tuple)


class YamlText(str):
    """YAML of one value. Templates accept nothing else, so that no value gets into a document unquoted."""

    __slots__ = ()


class _Dumper(_DUMPER):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the name is the library's
        # An anchor would tie two parts of a document together that people edit separately.
        return True


def _quoted_where_odd(dumper: Any, value: str) -> Any:
    # The text is indented line by line afterwards, so no scalar may span lines: whatever is not plainly printable is
    # written with escapes.
    style = None if value.isprintable() and value == value.strip() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


# Readers written in Go, such as kubectl, take more texts for something else than PyYAML does: y and n, and the numbers
# of YAML 1.2 (https://pkg.go.dev/sigs.k8s.io/yaml). These texts are quoted, too.
_Dumper.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"[yYnN]$"), list("yYnN"))
_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9_]+)?$|[-+]?0[bBoOxX][0-9a-fA-F_]+$"),
    list("-+.0123456789"),
)
_Dumper.add_representer(str, _quoted_where_odd)
_Dumper.add_representer(tuple, lambda dumper, value: dumper.represent_list(list(value)))


def block_text(value: Any, indent: int = 0) -> YamlText:
    """Returns `value` as YAML to stand behind `key:` in a block.

    Args:
        value: None, a bool, a number, a text, or a list, tuple or mapping of such values.
        indent: Blanks before each line of a collection, which is in block style and begins on a line of its own.
    """
    if not isinstance(value, _COLLECTIONS) or not value:
        return YamlText(_inline(value))
    try:
        lines = _lines(value, " " * indent)
    except _NotPlain:
        margin = " " * indent
        plain = list(value) if isinstance(value, tuple) else value
        lines = [margin + line for line in _dumped(plain, flow=False).split("\n")]
    return YamlText("\n" + "\n".join(lines))


def flow_text(value: str) -> YamlText:
    """Returns a text as YAML to stand inside braces or brackets: `{name: TEXT}`.

    There an unquoted text ends at a comma, a bracket or a brace, which it does not in a block.
    """
    text = _inline(value)
    if text[:1] in ("'", '"') or _PLAIN_IN_FLOW.fullmatch(text):
        return YamlText(text)
    return YamlText("'" + value.replace("'", "''") + "'")


class _NotPlain(Exception):
    """A mapping has a key, or a collection a value, that the layout here does not cover."""


def _lines(value: Any, margin: str) -> list[str]:
    """Returns the lines of a collection that is not empty, in block style, each after `margin`."""
    lines: list[str] = []
    if type(value) is dict:
        if set(map(type, value)) != {str}:
            raise _NotPlain
        for key in sorted(value):
            content = value[key]
            if type(content) is str:
                lines.append(f"{margin}{_key(key)}: {_text(content)}")
            elif isinstance(content, _COLLECTIONS) and content:
                lines.append(f"{margin}{_key(key)}:")
                # A list in a mapping is not indented further: its hyphens stand below the key.
                lines += _lines(content, f"{margin}  " if isinstance(content, dict) else margin)
            else:
                lines.append(f"{margin}{_key(key)}: {_inline(content)}")
    elif type(value) in (list, tuple):
        for item in value:
            if isinstance(item, _COLLECTIONS) and item:
                first, *others = _lines(item, f"{margin}  ")
                lines.append(f"{margin}- {first[len(margin) + 2 :]}")
                lines += others
            else:
                lines.append(f"{margin}- {_inline(item)}")
    else:
        raise _NotPlain
    return lines


@lru_cache(maxsize=REMEMBERED)
def _key(key: str) -> str:
    text = _text(key)
    if len(key) > LONGEST_KEY or text[:1] == '"':
        raise _NotPlain
    return text


def _inline(value: Any) -> str:
    """Returns the YAML of a text, a number, a bool, None or an empty collection."""
    kind = type(value)
    if kind is str:
        return _text(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if value is None:
        return "null"
    if kind in (list, tuple) and not value:
        return "[]"
    if kind is dict and not value:
        return "{}"
    return _dumped(value, flow=True)


@lru_cache(maxsize=REMEMBERED)
def _text(value: str) -> str:
    """Returns the YAML of a text: bare where no reader takes it for anything else, otherwise as libyaml quotes it."""
    if _NEEDS_NO_QUOTES.fullmatch(value) is None:
        return _dumped(value, flow=True)
    resolvers = _Dumper.yaml_implicit_resolvers.get(value[0], ())
    return f"'{value}'" if any(pattern.match(value) for _, pattern in resolvers) else value


def _dumped(value: Any, *, flow: bool) -> str:
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=True, default_flow_style=flow, allow_unicode=True, width=ENDLESS
    )
    return text.removesuffix("\n").removesuffix("\n...").removesuffix("...").rstrip("\n") if flow else text.rstrip("\n")
