"""Pod template: the part of a Deployment or Job that its pods are made of."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_BLOCK = re.compile(
    r"^spec:\n(?:(?: .*)?\n)*?  template:\n((?:(?:   .*)?\n)+)(?:\Z|(?:  )?[A-Za-z]+:(?: |$))", re.MULTILINE
)
"""The lines of `spec.template` as the shipped template writes them, and the key or the end after them."""

_ELSEWHERE = re.compile(r"^\s*#|(?:^|[\s\[{,])[*&]\S", re.MULTILINE)
"""What lines may have of which the value does not tell: a comment, or an anchor or alias."""


def pod_template(text: str) -> str:
    """Returns what the pods of a Deployment or Job are made of; while it stays equal, no pod is replaced.

    Args:
        text: The Deployment or Job as rendered.

    Returns:
        The lines of `spec.template` where they stand as the shipped template writes them, which spares reading
        thousands of documents; else its value as JSON, "null" where there is none.
    """
    found = _BLOCK.search(text)
    if found is not None and _ELSEWHERE.search(text) is None:
        return found[1]
    try:
        spec = yaml.load(text, _LOADER)["spec"]
        # Unquoted dates of a user's own template are no JSON.
        return json.dumps(spec.get("template"), sort_keys=True, default=str)
    except (yaml.YAMLError, KeyError, TypeError, AttributeError):
        return text
