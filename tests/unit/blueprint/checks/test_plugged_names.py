"""Names of filters, scorers and strategies: unknown ones are reported by validate, with the name that may be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.checks.stack import FILTERS, SCORERS, STRATEGIES
from rohe_iac.blueprint.loading import check
from rohe_iac.planning.model.plugins.builtin import BUILT_IN

DOCUMENTS = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: p}
spec: {services: [{name: a, command: [run]}]}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: i}
spec: {nodes: [{name: n, cpu: 4, memory: {rss: 4Gi}}]}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: s}
spec:
  pipelines: [p]
  inventory: i
  planner:
"""


def diagnostics_of(folder: Path, planner: str) -> list[tuple[str, int, str, str]]:
    (folder / "rohe.yaml").touch()
    (folder / "stack.yaml").write_text(f"{DOCUMENTS}    {planner}\n")
    return [(item.code, item.place.column, item.message, item.hint) for item in check([folder]).diagnostics]


def test_validate_knows_the_names_that_the_planner_has_built_in() -> None:
    assert set(FILTERS) == set(BUILT_IN["filter"])
    assert set(SCORERS) == set(BUILT_IN["scorer"])
    assert set(STRATEGIES) >= set(BUILT_IN["strategy"])


@pytest.mark.parametrize(
    ("planner", "column", "message", "hint"),
    [
        ("filters: [labels, label]", 23, "no filter 'label' is built in", "did you mean 'labels'?"),
        ("scorers: {cpu: 1, memry: 2}", 23, "no scorer 'memry' is built in", "did you mean 'memory'?"),
        ("strategy: exakt", 15, "'exakt' is not a strategy", "did you mean 'exact'?"),
    ],
)
def test_a_name_that_nothing_has_is_told_with_its_place(
    tmp_path: Path, planner: str, column: int, message: str, hint: str
) -> None:
    ((code, where, words, meant),) = diagnostics_of(tmp_path, planner)
    assert (code, where) == ("R109", column)
    assert words.startswith(message)
    assert meant.startswith(hint)


@pytest.mark.parametrize("planner", ["filters: [taints]", "scorers: {open: 1.5}", "strategy: dot-product"])
def test_names_that_are_built_in_are_fine(tmp_path: Path, planner: str) -> None:
    assert diagnostics_of(tmp_path, planner) == []
