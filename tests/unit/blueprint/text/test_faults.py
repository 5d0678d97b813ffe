"""Faults of a text name what is wrong and what to write instead."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.text import faults
from rohe_iac.blueprint.text.parsed import Spot

SPOT = Spot(3, 5, 40)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [("no", "R010", "no is text here; YAML 1.1 read it as a boolean"), ("9" * 101, "R011", "101 characters")],
)
def test_a_scalar_with_a_fault_is_described(text: str, code: str, words: str) -> None:
    fault = faults.scalar_fault(text)
    assert fault is not None
    assert (fault.code, fault.note) == (code, code == "R010")
    assert words in fault.message
    assert fault.at(SPOT).spot == SPOT


def test_a_plain_word_has_no_fault() -> None:
    assert faults.scalar_fault("camera") is None


def test_a_key_that_stands_for_an_expression_is_quoted_in_the_hint() -> None:
    assert "quotes" in faults.bad_key(SPOT, None, {"inputs": None}, "").hint
    assert faults.bad_key(SPOT, None, [], "").message == "a key is text, found a list"


def test_long_names_are_cut_in_messages() -> None:
    assert len(faults.no_anchor(SPOT, "a" * 500, inside=False).message) < 200
    assert len(faults.duplicate_key(SPOT, "k" * 500, None).message) < 100
