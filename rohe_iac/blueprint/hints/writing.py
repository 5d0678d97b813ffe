"""How values are written in YAML, so that what a hint says can be copied as it is."""

from __future__ import annotations

import json
import re

from rohe_iac.blueprint.text.scalars import NumberTooLong, old_meaning, resolve

_PLAIN = re.compile(r"[A-Za-z0-9_./+=<$(-][\w./:=+<$()%*@-]*")
"""Texts that need no quotes, in braces neither, unless they are read as something else."""


_VARIABLE = re.compile(r"(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)(?:[:?+-][^}]*)?\}")
"""A variable of a shell or of Compose, such as ${TAG} or ${TAG:-1.0}."""


def find_variable(text: str) -> str:
    """Returns the name of the first variable in a text; "" for none."""
    match = _VARIABLE.search(_to_last_brace(text))
    return match[1] if match is not None else ""


def _to_last_brace(text: str) -> str:
    """Returns a text up to its last closing brace: behind it every `${` would have the rest searched for one."""
    return text[: text.rfind("}") + 1]


def values_hint(text: str) -> str:
    """Returns a hint how to write a text with variables, with values of the stack in their place."""

    def name_of(match: re.Match[str]) -> str:
        return match[1].lower().lstrip("_")[:60] or "value"

    begin = _to_last_brace(text)
    names = ", ".join(f"{name}: ..." for name in dict.fromkeys(map(name_of, _VARIABLE.finditer(begin))))
    if not names:
        return "write the value itself: nothing replaces variables here"
    written = _VARIABLE.sub(lambda match: f"{{{{ values.{name_of(match)} }}}}", begin) + text[len(begin) :]
    return f"write {json.dumps(written, ensure_ascii=False)}, and values: {{{names}}} in the stack"


def scalar_text(text: str) -> str:
    """Returns a text as a scalar of YAML: in double quotes where it would be read as something else without."""
    if _PLAIN.fullmatch(text) and not text.endswith(":") and not text.startswith("- ") and text != "-":
        try:
            if resolve(text) == text and not old_meaning(text):
                return text
        except NumberTooLong:
            pass
    return json.dumps(text, ensure_ascii=False)


def quoted_text(text: str) -> str:
    """Returns a name as hints quote it: in single quotes, or in the double quotes that YAML needs around it."""
    written = scalar_text(text)
    return written if written.startswith('"') else f"'{text}'"
