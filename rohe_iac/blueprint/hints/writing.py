"""How values are written in YAML, so that what a hint says can be copied as it is."""

from __future__ import annotations

import json
import re

from rohe_iac.blueprint.text.scalars import NumberTooLong, old_meaning, resolve

_PLAIN = re.compile(r"[A-Za-z0-9_./+=<$(-][\w./:=+<$()%*@-]*")
"""Texts that need no quotes, in braces neither, unless they are read as something else."""


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
