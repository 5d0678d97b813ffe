"""Recognizes expressions in text."""

from __future__ import annotations

import re

STRAY = re.compile(r"\{\{-?\s*inputs\b")
"""An expression that names an input, in whatever document."""


def holds_expression(text: str) -> bool:
    """Whether a scalar is to be computed."""
    return "{{" in text or "{%" in text or "{#" in text
