"""Edits of a text: what is replaced or taken out, and where."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.text.edits import edit_of, entry_extent
from rohe_iac.blueprint.text.parsed import Spot
from tests.text_edits import apply_edit


@pytest.mark.parametrize(
    ("text", "entry", "expected"),
    [
        ("{a: 1, b: 2, c: 3}", "b: 2", "{a: 1, c: 3}"),
        ("{a: 1, b: 2}", "b: 2", "{a: 1}"),
        ("{a: 1, b: 2}", "a: 1", "{b: 2}"),
        ("{a: 1}", "a: 1", "{}"),
        ("x:\n  a: 1\n  b: 2\n", "a: 1", "x:\n  b: 2\n"),
        ("x:\n  a: 1  # why\n  b: 2\n", "a: 1", "x:\n  b: 2\n"),
        ("x:\n  a: 1\n  b: 2", "b: 2", "x:\n  a: 1\n"),
        ("- a: 1\n  b: 2\n", "a: 1", "- b: 2\n"),
    ],
)
def test_an_entry_is_taken_out_with_its_comma_or_line(text: str, entry: str, expected: str) -> None:
    begin = text.index(entry)
    extent = entry_extent(text, begin, begin + len(entry))
    assert extent is not None
    assert apply_edit(text, edit_of(text, *extent, "", Spot(1, 1, 0))) == expected


def test_the_only_entry_of_an_item_is_not_taken_out() -> None:
    assert entry_extent("- a: 1\n- b: 2\n", 2, 6) is None


def test_lines_and_columns_count_from_any_spot() -> None:
    text = "a: 1\r\nbb: 22\nccc: 333\n"
    begin = text.index("22")
    for near in (Spot(1, 1, 0), Spot(2, 5, begin), Spot(3, 6, text.index("333"))):
        edit = edit_of(text, begin, begin + 2, "x", near)
        assert (edit.line, edit.column, edit.end_line, edit.end_column) == (2, 5, 2, 7)
        assert apply_edit(text, edit) == "a: 1\r\nbb: x\nccc: 333\n"
