"""Env files: one NAME=VALUE a line, read as Docker Compose reads them, and no line of a key is a name."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.text.env_file import read_env_file, read_variables


def test_variables_are_read_line_by_line() -> None:
    text = "\n# remark\nA=1\nexport B = x y\nC='#1'\nD=\"a'b\"\nE=\nF=a=b\nA=2\n"
    assert read_variables(text) == {"A": "2", "B": "x y", "C": "#1", "D": "a'b", "E": "", "F": "a=b"}


def test_quotes_and_comments_are_those_of_compose_and_no_variable_is_replaced() -> None:
    text = "G='$1' # tail\nH=a #b\nI=\"$1\\n\"\nJ=$$1\nK='one\ntwo'\n"
    assert read_variables(text) == {"G": "$1", "H": "a", "I": "$1\n", "J": "$$1", "K": "one\ntwo"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A=1\nB\n", "line 2 has no '='"),
        ("1A=x", "line 1 is not NAME=VALUE"),
        ("A[0]=x", r"in line 1, 'A\[0\]' is not the name of a variable"),
        ("\nA='x", "A at line 2 has no closing quote"),
        ("A='x' y", "text follows the closing quote of A at line 1"),
    ],
)
def test_a_line_that_is_no_variable_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_variables(text)


KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nab12==\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        (" A = 2 ", "2"),
        ("export A=3", "3"),
        ("A='x # y'", "x # y"),
        ('A="x # y" # tail', "x # y"),
        ('A="$H"', "$H"),
        ("A='$H'", "$$H"),
        ("A=a#b", "a#b"),
        ("A=a #b", "a"),
        ("A=#b", "#b"),
        ("A= # b", ""),
        ("A=", ""),
        ("A", None),
        ('A="a\\nb"', "a\nb"),
        ('A="say \\"x\\""', 'say "x"'),
        ('A="\\$5"', "$$5"),
        ("A='it\\'s'", "it's"),
        ("A='a\\n'", "a\\n"),
        ('A="one\n  two"', "one\n  two"),
        ("A: v", "v"),
        ("\ufeffA=1\r\n", "1"),
        (f"A={KEY}", KEY),
    ],
)
def test_a_value_is_read_as_compose_reads_it(line: str, value: str | None) -> None:
    assert read_env_file(f"{line}\nB=2\n", dollar="$$").variables == [("A", value), ("B", "2")]


def test_lines_that_are_no_variables_are_told_without_their_text() -> None:
    read = read_env_file(f"# head\n\nbad line\n=x\n{KEY}\nA: v\nB='open\nC=1\n")
    assert read.variables == [("A", "v"), ("B", "'open"), ("C", "1")]
    assert [oddity.text.partition(" is ")[0] for oddity in read.oddities][:3] == ["line 3", "line 4", "line 5"]
    assert "NAME: VALUE" in read.oddities[3].text
    assert "no closing quote" in read.oddities[4].text
    assert "MIIE" not in str(read.oddities)


def test_raw_values_keep_their_quotes() -> None:
    assert read_env_file("A='x' # y\nB\n", raw=True).variables == [("A", "'x' # y"), ("B", None)]
