"""Texts as hints write them, so that they can be copied into a document as they are."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.hints.writing import quoted_text, scalar_text
from rohe_iac.blueprint.text.reader import read_plain

TEXTS = (
    "nginx:1.2",
    ">=",
    "<=",
    "8080",
    "1.10",
    "yes",
    "true",
    "a b",
    "-",
    "--port=80",
    "a:",
    "",
    "$(PORT)",
    "@x",
    "é",
    "#a",
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_read_back_as_it_is_in_braces_and_in_lines(text: str) -> None:
    written = scalar_text(text)
    assert read_plain(f"{{a: {written}}}").values == [{"a": text}]
    assert read_plain(f"a: {written}\n").values == [{"a": text}]
    assert read_plain(f"[{written}]").values == [[text]]


def test_a_name_is_in_the_quotes_that_yaml_needs() -> None:
    assert quoted_text("env") == "'env'"
    assert quoted_text(">=") == '">="'
