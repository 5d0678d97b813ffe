"""Patterns of inputs mean in ASCII what they mean to Python, and take no longer for being hostile."""

from __future__ import annotations

import re
from itertools import product

import pytest

from rohe_iac.blueprint.language.pattern import LONGEST_TEXT, BadPattern, Pattern

PATTERNS = [
    "", "a", "ab|c", "a*b?", "(a|b)*c", "a+?", "[a-b]+", "[^a]c", "(a(b|c){2})*", "a{1,2}b{0,2}", ".c", r"\w\d?", "^a$",
    r"\ba", r"a\Bb", "(?:ab)+", "(?P<x>a)b*", r"\S\s?", "[-a]+", "(a*)*b", "(|a)+", "(a|ab)(c|bcd)?", "()*a",
    r"[\w-]+", "(?:){3}a", "(?i)A",
]  # fmt: skip
SHORT = ["".join(letters) for length in range(5) for letters in product("abc ", repeat=length)]
TEXTS = [*SHORT, "-a1", "é", "a-b"]
MAX_COST = 2000


@pytest.mark.parametrize("written", PATTERNS)
def test_it_matches_what_python_matches_whole(written: str) -> None:
    mine, theirs = Pattern(written), re.compile(written, re.ASCII)
    assert [text for text in TEXTS if mine.matches(text)] == [text for text in TEXTS if theirs.fullmatch(text)]


def test_the_end_is_the_end_and_not_a_line_break_before_it() -> None:
    assert not Pattern("^a$").matches("a\n")


@pytest.mark.parametrize("written", ["(a*)*", "(a|a|a)+", "(a|aa)+", "(a?){50}a{50}", "a*a*a*a*a*a*", "(.*)*x|a*"])
def test_what_python_would_never_finish_takes_a_step_an_instruction_and_character(written: str) -> None:
    pattern = Pattern(written)
    assert 0 < pattern.cost <= MAX_COST
    assert not pattern.matches("a" * (LONGEST_TEXT - 1) + "!")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("(", "missing"),
        ("a" * 301, "characters"),
        ("((a{20}){20}){20}", "repetition size"),
        (r"\pL{1000}", "too large"),
        (r"(a)\1", "escape"),
        ("(?=a)a", "perl operator"),
        ("(?<!a)b", "perl operator"),
        ("(" * 40 + "a" + "){9}" * 40, "repetition size"),
        ("\ud800", "Unicode"),
    ],
)
def test_what_cannot_be_matched_so_is_refused(written: str, words: str) -> None:
    with pytest.raises(BadPattern, match=words):
        Pattern(written)


def test_a_text_that_is_not_unicode_matches_nothing() -> None:
    assert not Pattern(".*").matches("\ud800")
