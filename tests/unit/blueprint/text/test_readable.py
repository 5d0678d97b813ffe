"""A value that lacks its quotes is reported, and the text is read as it would be with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.loading import check
from rohe_iac.blueprint.text import readable
from rohe_iac.blueprint.text.reader import read_plain


@pytest.mark.parametrize(
    ("text", "value", "fix"),
    [
        ("{operator: >=, value: 2}", {"operator": ">=", "value": 2}, '">="'),
        ("a: @x", {"a": "@x"}, '"@x"'),
        ("a: %x # note", {"a": "%x"}, '"%x"'),
        ("- {name: n[1:3], cpu: 4}\n- b", [{"name": "n[1:3]", "cpu": 4}, "b"], '"n[1:3]"'),
        ("args: [--port={port}]", {"args": ["--port={port}"]}, '"--port={port}"'),
        ("{1: x}", {"1": "x"}, '"1"'),
    ],
)
def test_the_value_is_read_as_the_fix_has_it(text: str, value: object, fix: str) -> None:
    (document,) = read_plain(text).documents
    assert (document.whole, document.value) == (True, value)
    ((begin, _, length, written),) = [(item.spot.offset, item.code, *(item.fix or ())) for item in document.faults]
    assert written == fix
    assert read_plain(text[:begin] + written + text[begin + length :]).values == [value]


@pytest.mark.parametrize("text", ["a: >= b", "a: [@x y]", "a: {b: c[1 2]}", "a: @x\nb: \ufdd0"])
def test_a_value_that_only_a_person_can_quote_is_not_read(text: str) -> None:
    parsed = read_plain(text)
    assert parsed.values == []
    assert not parsed.documents[-1].whole


def test_many_such_values_are_read_up_to_a_bound() -> None:
    text = "".join(f"a{number}: @x\n" for number in range(readable.MAX_UNQUOTED + 1))
    (document,) = read_plain(text).documents
    assert (document.whole, len(document.faults)) == (False, readable.MAX_UNQUOTED + 1)


def test_each_fault_is_told_with_its_document_and_what_else_is_wrong_there(tmp_path: Path) -> None:
    (tmp_path / "rohe.yaml").touch()
    head = "apiVersion: rohe.dev/v1\nkind: Inventory\nmetadata: {name: %s}\nspec:\n  nodes:\n"
    (tmp_path / "lab.yaml").write_text(
        head % "one"
        + "    - {name: n[1:3], cpu: 4, memory: {rss: 1Gi}, colour: red}\n---\n"
        + head % "two"
        + "    - {name: m, mac: @x, cpu: lots, memory: {rss: 1Gi}}\n"
    )
    found = [(item.place.line, item.place.column, item.code) for item in check([tmp_path]).diagnostics]
    assert found == [(6, 14, "R001"), (6, 50, "R106"), (13, 22, "R001"), (13, 31, "R112")]
