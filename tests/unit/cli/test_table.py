"""Tables that give up columns before cells."""

from __future__ import annotations

from typing import Any

from rohe_iac.cli.table import Column, fits_beside, print_table

COLUMNS = (Column("NAME"), Column("COUNT", right=True), Column("WHY", prose=True, rank=2), Column("AT", rank=3))
ROWS = [("first", "7", "it is the tightest fit of all nodes", "http://127.0.0.1:24200"), ("second", "12", "", "")]


def table(new_screen: Any, width: int, columns: Any = COLUMNS, rows: Any = ROWS, **options: Any) -> list[str]:
    screen, printed = new_screen(width, terminal=True)
    print_table(screen.out, columns, rows, **options)
    lines: list[str] = printed().splitlines()
    return lines


def test_what_fits_is_one_line_a_row(new_screen: Any) -> None:
    assert table(new_screen, 140) == [
        "NAME    COUNT  WHY                                  AT",
        "first       7  it is the tightest fit of all nodes  http://127.0.0.1:24200",
        "second     12",
    ]


def test_prose_wraps_before_a_column_goes_below(new_screen: Any) -> None:
    assert table(new_screen, 64, indent=1)[:3] == [
        " NAME    COUNT  WHY                       AT",
        " first       7  it is the tightest fit    http://127.0.0.1:24200",
        "                of all nodes",
    ]


def test_columns_go_below_their_row_by_rank_with_their_titles(new_screen: Any) -> None:
    assert table(new_screen, 40) == [
        "NAME    COUNT  WHY",
        "first       7  it is the tightest fit of",
        "               all nodes",
        "    at http://127.0.0.1:24200",
        "second     12",
    ]
    assert table(new_screen, 12) == [
        "NAME",
        "first",
        "    count 7",
        "    why it",
        "    is the",
        "    tightest",
        "    fit of",
        "    all",
        "    nodes",
        "    at http://127.0.0.1:24200",
        "second",
        "    count 12",
    ]


def test_a_column_without_content_is_left_out(new_screen: Any) -> None:
    assert table(new_screen, 80, rows=[("a", "", "b", "")]) == ["NAME  WHY", "a     b"]


def test_whether_all_columns_fit() -> None:
    assert fits_beside(COLUMNS, ROWS, 64)
    assert not fits_beside(COLUMNS, ROWS, 50)
