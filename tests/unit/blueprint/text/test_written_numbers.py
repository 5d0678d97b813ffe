"""Numbers that know how they were written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rohe_iac.blueprint.loading import load
from rohe_iac.blueprint.text.reader import read_plain
from rohe_iac.blueprint.text.written_numbers import texts_of_numbers, with_texts, without_texts


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("1.20", {(): "1.20"}),
        (" 1e3 ", {(): "1e3"}),
        ("1.5", {}),
        ("true", {}),
        ("{a: 1.10, b: [010, 2, x], c: '1.10'}", {("a",): "1.10", ("b", 0): "010"}),
        ("a: 2.50  # two\nb: &n 3.00\nc: *n\n", {("a",): "2.50", ("b",): "3.00"}),
    ],
)
def test_texts_are_known_where_a_number_would_be_printed_in_another_way(text: str, texts: dict[Any, str]) -> None:
    (parsed,) = read_plain(text).documents
    found = texts_of_numbers(text, parsed, parsed.value)
    assert found == texts
    wrapped = with_texts(parsed.value, found)
    assert wrapped == parsed.value
    assert repr(without_texts(wrapped)) == repr(parsed.value)


MODULE = """apiVersion: rohe.dev/v1
kind: Module
metadata: {name: m, version: 1.0.0}
spec:
  inputs:
    own: {type: number, default: 1}
    computed: {type: number, default: 1}
    default: {type: number, default: 3.10}
  sources: [p.yaml]
"""
INNER = """apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: inner}
spec:
  services: [{name: a, command: [a, "{{ inputs.own }}/{{ inputs.computed }}/{{ inputs.default }}"]}]
"""
STACK = """apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: lab}
spec:
  pipelines: [inner]
  inventory: lab
  values: {version: 1.20}
  modules: [{name: m, source: modules/m, inputs: {own: 1.30, computed: "{{ values.version }}"}}]
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: lab}
spec: {nodes: [{name: pi-1, cpu: 4, memory: {rss: 2Gi}}]}
"""


def test_inputs_of_modules_stay_as_they_are_written_in_a_text(tmp_path: Path) -> None:
    folder = tmp_path / "modules" / "m"
    folder.mkdir(parents=True)
    (tmp_path / "rohe.yaml").touch()
    (tmp_path / "blueprints").mkdir()
    (tmp_path / "blueprints" / "all.yaml").write_text(STACK)
    (folder / "module.yaml").write_text(MODULE)
    (folder / "p.yaml").write_text(INNER)
    assert load(tmp_path, "lab").pipelines[0].spec.services[0].command == ("a", "1.30/1.20/3.10")
