"""Claims about files of variables: they are read as Docker Compose reads them, and no line of a key is a name."""

from __future__ import annotations

import pytest

from rohe_iac.importing.foreign.variables.env_file import read_variables

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
    assert read_variables(f"{line}\nB=2\n").variables == [("A", value), ("B", "2")]


def test_lines_that_are_no_variables_are_told_without_their_text() -> None:
    read = read_variables(f"# head\n\nbad line\n=x\n{KEY}\nA: v\nB='open\nC=1\n")
    assert read.variables == [("A", "v"), ("B", "'open"), ("C", "1")]
    assert [remark.partition(" is ")[0] for remark in read.remarks][:3] == ["line 3", "line 4", "line 5"]
    assert "NAME: VALUE" in read.remarks[3]
    assert "no closing quote" in read.remarks[4]
    assert "MIIE" not in "".join(read.remarks)


def test_raw_values_keep_their_quotes() -> None:
    assert read_variables("A='x' # y\nB\n", raw=True).variables == [("A", "'x' # y"), ("B", None)]
