"""Canonical JSON and digests: equal values give equal bytes."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> bytes:
    """Returns `value` (JSON types only) as UTF-8 JSON with sorted keys and no blanks.

    A text with bytes that are no UTF-8, as a path or variable of the system may have them (PEP 383), is escaped.

    Raises:
        ValueError: `value` holds NaN or an infinity.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def sha256_hex(content: bytes) -> str:
    """Returns the SHA-256 of `content` as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
