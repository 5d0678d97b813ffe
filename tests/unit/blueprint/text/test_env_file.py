"""Files of variables: one NAME=VALUE a line."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.text.env_file import read_variables


def test_variables_are_read_line_by_line() -> None:
    text = "\n# remark\nA=1\nexport B = x y\nC='#1'\nD=\"a'b\"\nE=\nF=a=b\nG=\"\nA=2\n"
    found = read_variables(text)
    assert found == {"A": "2", "B": "x y", "C": "#1", "D": "a'b", "E": "", "F": "a=b", "G": '"'}


@pytest.mark.parametrize(
    ("text", "message"),
    [("A=1\nB\n", "line 2 has no '='"), ("1A=x", "in line 1, '1A' is not the name of a variable")],
)
def test_a_line_that_is_no_variable_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_variables(text)
