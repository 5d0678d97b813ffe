"""Values in messages are short and named by their type."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.hints.value_text import describe_value, yaml_scalar


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "nothing"), (True, "true"), (1.5, "the number 1.5"), ("a", "'a'"), ({}, "a mapping"), ([], "a list"),
     ("x" * 50, f"'{'x' * 40}'")],
)  # fmt: skip
def test_a_value_is_described_in_words(value: object, words: str) -> None:
    assert describe_value(value) == words


def test_a_scalar_is_written_as_yaml_has_it() -> None:
    assert [yaml_scalar(value) for value in (False, 3, "x")] == ["false", "3", "x"]
