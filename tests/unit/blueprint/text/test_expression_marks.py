"""Expressions in text are recognised by their marks."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.text.expression_marks import STRAY, holds_expression


@pytest.mark.parametrize("text", ["{{ inputs.n }}", "a{% if %}b", "{# comment #}"])
def test_marks_of_the_template_language_are_recognised(text: str) -> None:
    assert holds_expression(text)


def test_a_mapping_in_braces_is_no_expression() -> None:
    assert not holds_expression("{a: {b: c}}")


@pytest.mark.parametrize(("text", "stray"), [("x {{- inputs.n }}", True), ("{{ .Name }}", False), ("inputs.n", False)])
def test_only_an_expression_that_names_inputs_is_stray(text: str, stray: bool) -> None:
    assert (STRAY.search(text) is not None) == stray
