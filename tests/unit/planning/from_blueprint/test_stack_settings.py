"""How a stack is planned that says little of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.loading import load
from rohe_iac.planning.from_blueprint.problem import problem_of

BLUEPRINT = """\
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: s}
spec: {pipelines: [p], inventory: i, planner: PLANNER}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: p}
spec: {services: [{name: a, command: [x], requests: {cpu: 1}}]}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: i}
spec: {nodes: [{name: n, cpu: 4, memory: {rss: 1Gi}}]}
"""


@pytest.mark.parametrize(
    ("planner", "strategy"),
    [
        ("{}", "portfolio"),
        ("{objective: [placed, nodes]}", "portfolio"),
        ("{filters: ['m.py:green']}", "portfolio"),
        # Scores decide in a pass; a search would follow the objective alone.
        ("{weights: {cpu: 2}}", "best-fit"),
        ("{scorers: {'m.py:carbon': 3}}", "best-fit"),
        ("{scorers: {'m.py:carbon': 3}, strategy: worst-fit}", "worst-fit"),
        ("{weights: {cpu: 2}, strategy: portfolio}", "portfolio"),
    ],
)
def test_the_portfolio_is_the_default_but_for_stacks_that_score_nodes(
    tmp_path: Path, planner: str, strategy: str
) -> None:
    (tmp_path / "rohe.yaml").write_text("")
    (tmp_path / "all.yaml").write_text(BLUEPRINT.replace("PLANNER", planner))
    (tmp_path / "m.py").write_text("def green(candidate): return ''\ndef carbon(candidate): return 1\n")
    assert problem_of(load(tmp_path), {}).settings.strategy == strategy
