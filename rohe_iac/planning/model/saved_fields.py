"""Marks in the metadata of dataclass fields: how plan files save the field."""

from __future__ import annotations

BRIEF = "brief"
"""Marks a field that is not written where it is empty, so that plan files of before it have the same bytes."""

UNSAVED = "unsaved"
"""Marks a field that plan files hold elsewhere."""

JSON_NAME = "json"
"""Marks a field that has another name in plan files than in the code; the value is that name."""
