"""Patterns of inputs mean what they mean to Python, and take no longer for being hostile."""

from __future__ import annotations

import re
from itertools import product

import pytest

from rohe_iac.blueprint.language.pattern import LONGEST_TEXT, MAX_STATES, BadPattern, Pattern

PATTERNS = [
    "", "a", "ab|c", "a*b?", "(a|b)*c", "a+?", "[a-b]+", "[^a]c", "(a(b|c){2})*", "a{1,2}b{0,2}", ".c", r"\w\d?", "^a$",
    "a$|b", r"\ba", r"a\Bb", "(?:ab)+", "(?P<x>a)b*", r"\S\s?", "[-a]+", "(a*)*b", "(|a)+", "(a|ab)(c|bcd)?", "()*a",
    r"[\w-]+", "(?:){3}a",
]  # fmt: skip
SHORT = ["".join(letters) for length in range(5) for letters in product("abc ", repeat=length)]
TEXTS = [*SHORT, "a\n", "-a1", "é", "a-b"]


@pytest.mark.parametrize("written", PATTERNS)
def test_it_matches_what_python_matches_whole(written: str) -> None:
    mine, theirs = Pattern(written), re.compile(written)
    assert [text for text in TEXTS if mine.matches(text)] == [text for text in TEXTS if theirs.fullmatch(text)]


@pytest.mark.parametrize("written", ["(a*)*", "(a|a|a)+", "(a|aa)+", "(a?){50}a{50}", "a*a*a*a*a*a*", "(.*)*x|a*"])
def test_what_python_would_never_finish_takes_a_step_a_part_and_character(written: str) -> None:
    pattern = Pattern(written)
    assert pattern.cost <= MAX_STATES
    assert not pattern.matches("a" * (LONGEST_TEXT - 1) + "!")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("(", "not a regular expression"),
        ("a" * 301, "characters"),
        ("a{1000}", "parts"),
        ("((a{20}){20}){20}", "parts"),
        (r"(a)\1", "references"),
        ("(?=a)a", "looking around"),
        ("(?<!a)b", "looking around"),
        ("(?i)a", "flags"),
        ("(?i:a)", "flags"),
        ("(" * 40 + "a" + "){9}" * 40, "parts"),
    ],
)
def test_what_cannot_be_matched_so_is_refused(written: str, words: str) -> None:
    with pytest.raises(BadPattern, match=words):
        Pattern(written)
