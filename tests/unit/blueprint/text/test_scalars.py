"""Plain scalars have their YAML 1.2 value; what YAML 1.1 read differently is named."""

from __future__ import annotations

import math

import pytest

from rohe_iac.blueprint.text.scalars import (
    NUMBER_LENGTH,
    NumberTooLong,
    is_surely_text,
    old_meaning,
    resolve,
    tagged_scalar,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [("", None), ("~", None), ("true", True), ("no", "no"), ("12", 12), ("0o14", 12), ("0x1F", 31), ("1e3", 1000.0),
     ("-.inf", -math.inf), ("010", 10), ("1.2.3", "1.2.3"), ("12:30", "12:30"), ("1_000", "1_000")],
)  # fmt: skip
def test_a_plain_scalar_has_its_value_by_the_core_schema(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize("text", ["camera", "falsely", "/path", "x"])
def test_what_is_surely_text_is_text_to_both_versions(text: str) -> None:
    assert is_surely_text(text)
    assert resolve(text) == text
    assert old_meaning(text) == ""


@pytest.mark.parametrize(
    ("text", "meaning"),
    [("yes", "a boolean"), ("010", "an octal number"), ("12:30", "a number to the base of 60"),
     ("1_000", "a number with digit groups"), ("0b11", "a binary number"), ("12", ""), ("true", "")],
)  # fmt: skip
def test_the_old_meaning_is_named_where_it_differs(text: str, meaning: str) -> None:
    assert old_meaning(text) == meaning


def test_a_number_of_too_many_digits_is_refused() -> None:
    assert resolve("9" * NUMBER_LENGTH) == int("9" * NUMBER_LENGTH)
    with pytest.raises(NumberTooLong, match="101 characters"):
        resolve("9" * (NUMBER_LENGTH + 1))


def test_a_tag_gives_a_scalar_its_type_or_is_refused() -> None:
    assert tagged_scalar("tag:yaml.org,2002:str", "12") == "12"
    assert tagged_scalar("tag:yaml.org,2002:float", "12") == 12.0
    with pytest.raises(ValueError, match="not of the type"):
        tagged_scalar("tag:yaml.org,2002:int", "x")
