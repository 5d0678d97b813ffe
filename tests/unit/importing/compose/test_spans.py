"""Claims about spans of time in Compose files."""

from __future__ import annotations

import pytest
from import_results import dropped, field_of

from rohe_iac.importing.compose.spans import LONGEST, add_span, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"), [("1h2m3s", 3723), ("1m30s", 90), ("500ms", 0.5), ("1.5s", 1.5), ("20us", 2e-5)]
)
def test_a_span_is_read_as_compose_writes_it(text: str, seconds: float) -> None:
    assert seconds_of(field_of(text)) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["soon", "5", "-1s", "1d"])
def test_what_is_no_span_is_dropped(text: str) -> None:
    field = field_of({"a": text})
    part = field.get("a")
    assert part is not None
    assert seconds_of(part) is None
    assert "not a length of time" in dropped(field)["a"]


def test_a_span_is_within_what_the_language_takes() -> None:
    field, found = field_of({"short": "1ms", "long": f"{LONGEST + 1}s"}), dict[str, object]()
    add_span(field.get("short"), found, "period", "a", least=1)
    add_span(field.get("long"), found, "timeout", "a")
    assert found == {"period": "1s"}
    assert "longer" in dropped(field)["long"]
    assert "at least 1 s" in field.journal.notes[0][1]
