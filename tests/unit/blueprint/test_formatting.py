"""The normal form keeps every value and every comment, and is its own normal form."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.document import read_plain
from rohe_iac.blueprint.formatting import formatted

ROOT = Path(__file__).parents[3]
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
    assert formatted(UGLY) == NORMAL
    assert formatted(NORMAL) == NORMAL


def test_the_head_of_a_document_is_put_in_order() -> None:
    text = "spec: {a: 1}\nmetadata: {name: x}\nkind: Stack\napiVersion: rohe.dev/v1\n"
    result = formatted(text)
    assert result is not None
    assert list(read_plain(result).values[0]) == ["apiVersion", "kind", "metadata", "spec"]


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*/blueprints/*.yaml")), ids=str)
def test_the_examples_are_in_normal_form(path: Path) -> None:
    assert formatted(path.read_text()) == path.read_text()


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
    result = formatted(text)
    assert result is None or repr(read_plain(result).values) == repr(read_plain(text).values)
    assert result is None or formatted(result) == result
