"""Claims about the variables in the texts of Compose files."""

from __future__ import annotations

import pytest

from rohe_iac.importing.foreign.variables.expansion import holds_secret, missing_notes, substitute, whole_variable

KNOWN = {"A": "1", "EMPTY": "", "N": "two", "DB_PASSWORD": "hunter22"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a", "a"),
        ("$A$N", "1two"),
        ("${A}x", "1x"),
        ("${X:-b}", "b"),
        ("${EMPTY:-b}", "b"),
        ("${EMPTY-b}", ""),
        ("${X:-{}}", "{}"),
        ('${X:-{"a": {"b": 1}}}', '{"a": {"b": 1}}'),
        ("${X:-}", ""),
        ("x${X:-b}y${Y:-d}", "xbyd"),
        ("${X:-${Y:-c}}", "c"),
        ("${X:-${A}}", "1"),
        ("${X:-a${N:+-${A}}}", "a-1"),
        ("${A:+b}", "b"),
        ("${EMPTY:+b}", ""),
        ("${EMPTY+b}", "b"),
        ("${X:+b}", ""),
        ("${A:?no}", "1"),
        ("$X", ""),
        ("${X}-${Y}", "-"),
        ("$$5", "$5"),
        ("$${A}", "${A}"),
        ("$$$A", "$1"),
        ("50$", "50$"),
        ("${1}", "${1}"),
        ("${A", "${A"),
        ("${A:b}", "${A:b}"),
    ],
)
def test_variables_become_values_defaults_or_nothing(text: str, value: str) -> None:
    assert substitute(text, KNOWN).text == value


def test_what_has_no_value_is_told_and_what_is_required_with_its_reason() -> None:
    first, second = missing_notes(substitute("${X} ${TAG:?say which} $X"))
    assert "X has no value, so it is empty" in first
    assert "--env X=VALUE" in first
    assert "requires one: say which" in second


def test_a_value_that_looks_like_a_secret_is_not_copied() -> None:
    done = substitute("--password=${DB_PASSWORD} ${A}", KNOWN, keep_secrets=True)
    assert done.text == "--password=${DB_PASSWORD} 1"
    assert done.kept == ["DB_PASSWORD"]
    assert holds_secret(done)
    assert holds_secret(substitute("${API_TOKEN}"))
    assert not holds_secret(substitute("${TOKEN_COUNT}"))


def test_one_variable_and_nothing_else_is_known() -> None:
    names = [whole_variable(text) for text in ("$A", "${A}", "${A:-${B}}", "x$A", "$A$B", "${A}}", "")]
    assert names == ["A", "A", "A", "", "", "", ""]


def test_variables_without_end_cost_no_time() -> None:
    text = "${A:-" * 20000
    assert substitute(text).text == text
