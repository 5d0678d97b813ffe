"""The normal form keeps every value and every comment, and is its own normal form."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.text.formatting import NoNormalForm, format_yaml
from rohe_iac.blueprint.text.reader import read_plain

ROOT = Path(__file__).parents[4]
UGLY = """\
# head
kind: Inventory
apiVersion: rohe.dev/v1


metadata:
    name: lab   # the lab
spec:
    nodes:
    # before the first
    - name: pi-1      
      cpu:   4
      memory: {rss: 1Gi,
               vms: 2Gi}
      labels: {on: no, v: 010, t: 12:30, d: 2026-01-01T00:00:00Z, f: 1.50}
    - {  name: 'pi-2', cpu: 2 }  # second
    # last
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: "x"}
spec: {pipelines: [a], inventory: lab}
"""  # noqa: W291
NORMAL = """\
# head
kind: Inventory
apiVersion: rohe.dev/v1

metadata:
  name: lab     # the lab
spec:
  nodes:
    # before the first
    - name: pi-1
      cpu: 4
      memory: {rss: 1Gi, vms: 2Gi}
      labels: {on: no, v: 010, t: 12:30, d: 2026-01-01T00:00:00Z, f: 1.50}
    - {name: 'pi-2', cpu: 2}     # second
    # last
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: "x"}
spec: {pipelines: [a], inventory: lab}
"""


def test_the_layout_is_made_regular_and_nothing_else_changes() -> None:
    assert format_yaml(UGLY) == NORMAL
    assert format_yaml(NORMAL) == NORMAL


def test_the_head_of_a_document_is_put_in_order() -> None:
    text = "spec: {a: 1}\nmetadata: {name: x}\nkind: Stack\napiVersion: rohe.dev/v1\n"
    result = format_yaml(text)
    assert list(read_plain(result).values[0]) == ["apiVersion", "kind", "metadata", "spec"]


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*/blueprints/*.yaml")), ids=str)
def test_the_examples_are_in_normal_form(path: Path) -> None:
    assert format_yaml(path.read_text()) == path.read_text()


@pytest.mark.parametrize(
    "text",
    [
        "a: &x {b: 1}\nc: *x\n",
        "a: |\n  text\n   more\nb: >-\n  folded\n  text\n",
        'a: "\\u00e9\\n"\n',
        "a: !!str 12\n",
        "- 1\n- [2, [3, {a: b}]]\n",
        "a:\nb: ~\n",
        "? a\n: b\n",
        "a: 1e3\nb: 0x1F\nc: .inf\n",
        "# only\na: 1 # b\n\n\n\n# c\n",
    ],
)
def test_every_kind_of_value_survives(text: str) -> None:
    result = format_yaml(text)
    assert repr(read_plain(result).values) == repr(read_plain(text).values)
    assert format_yaml(result) == result


HEAD = "apiVersion: rohe.dev/v1\nkind: Stack\nmetadata: {name: x}\nspec: {pipelines: [a]}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"# head\n---\n{HEAD}", f"# head\n{HEAD}"),
        (f"---\n# head\n{HEAD}...\n", f"# head\n{HEAD}"),
        (f"--- # head\n{HEAD}", f"# head\n{HEAD}"),
        (f"{HEAD}...\n# between\n---\n# second\n{HEAD}", f"{HEAD}# between\n---\n# second\n{HEAD}"),
        (f"{HEAD}---\n# last\n", f"{HEAD}# last\n"),
        (f"---\n---\n{HEAD}---\n", HEAD),
        ("# only   \n\n\n\n# comments", "# only\n\n# comments\n"),
        (HEAD.replace("\n", "\r\n"), HEAD),
    ],
)
def test_comments_around_the_marks_of_documents_are_kept(text: str, expected: str) -> None:
    assert format_yaml(text) == expected
    assert format_yaml(expected) == expected


def test_a_directive_of_one_text_does_not_get_into_the_next() -> None:
    format_yaml(f"%YAML 1.2\n---\n{HEAD}")
    assert format_yaml(HEAD) == HEAD


def test_a_comment_that_no_layout_keeps_is_told_with_its_line() -> None:
    text = f"{HEAD}---\napiVersion: rohe.dev/v1\nkind: Stack\nspec:\n  pipelines: [a, # one\n    b]\n"
    with pytest.raises(NoNormalForm) as caught:
        format_yaml(text)
    assert caught.value.line == 9
    assert "[ ] or { }" in caught.value.reason
