"""Lines that break between words only."""

from __future__ import annotations

import pytest
from rich.text import Text

from rohe_iac.cli.wrapping import longest_word, wrapped


def lines(text: str, width: int) -> list[str]:
    return [line.plain for line in wrapped(Text(text), width)]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("one two three", 20, ["one two three"]),
        ("one two three", 8, ["one two", "three"]),
        ("a http://127.0.0.1:24200/long b", 10, ["a", "http://127.0.0.1:24200/long", "b"]),
        ("    details keep their indent", 18, ["    details keep", "    their indent"]),
        ("  + service/a: it is there", 16, ["  + service/a:", "    it is there"]),
        ("took 13.6 ms of it", 9, ["took", "13.6 ms", "of it"]),
        ("to 2026-03-01 12:34:56 CET, kept", 26, ["to", "2026-03-01 12:34:56 CET,", "kept"]),
        ("to 2026-03-01 12:34:56 +0330, kept", 27, ["to", "2026-03-01 12:34:56 +0330,", "kept"]),
        ("  before    3 s in the window", 20, ["  before    3 s in", "            the", "            window"]),
        ("see `rohe plan --all` now", 18, ["see", "`rohe plan --all`", "now"]),
        ("one\n\ntwo", 20, ["one", "", "two"]),
        ("", 20, [""]),
        ("東京 大阪 京都", 9, ["東京 大阪", "京都"]),
    ],
)
def test_a_text_breaks_between_words(text: str, width: int, expected: list[str]) -> None:
    assert lines(text, width) == expected


def test_a_command_wider_than_the_line_may_break_at_its_spaces() -> None:
    assert lines("`rohe plan --all digits`", 12) == ["`rohe plan", "--all", "digits`"]


def test_a_word_keeps_its_style_on_every_line() -> None:
    assert [line.markup for line in wrapped(Text.from_markup("[red]one two[/red]"), 4)] == [
        "[red]one[/red]", "[red]two[/red]",
    ]  # fmt: skip


def test_the_longest_word_includes_what_is_kept_together() -> None:
    assert longest_word(Text("in 13.6 ms")) == len("13.6 ms")
