"""The marks by which expressions of modules and stacks are recognised in text."""

from __future__ import annotations

import re

STRAY = re.compile(r"\{\{-?\s*inputs\b")
"""An expression that names an input, in whatever document."""


VALUES = re.compile(r"\{\{[^{}]*\bvalues\b")
"""An expression that names a value of a stack."""


def holds_expression(text: str) -> bool:
    """Checks whether a scalar holds an expression, a statement or a comment of the template language."""
    return "{{" in text or "{%" in text or "{#" in text
