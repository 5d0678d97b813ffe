"""Canonical JSON."""

from __future__ import annotations

import json

from rohe_iac.foundation.canonical import canonical_json


def test_text_stays_readable_and_bytes_that_are_no_text_survive() -> None:
    assert canonical_json({"b": "größe 🙂", "a": 1}) == '{"a":1,"b":"größe 🙂"}'.encode()
    path = "/home/b\udcf6gen"
    assert json.loads(canonical_json([path])) == [path]
