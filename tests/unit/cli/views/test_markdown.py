"""Tables in Markdown."""

from __future__ import annotations

from rohe_iac.cli.views.markdown import cell, table


def test_a_text_stays_within_its_cell() -> None:
    assert cell("a|b\\c\nd") == "a\\|b\\\\c d"


def test_a_table_without_rows_has_no_head() -> None:
    assert list(table(("a", "b"), [])) == []
    assert list(table(("a", "b"), [(1, "x")])) == ["| a | b |", "|---|---|", "| 1 | x |", ""]
