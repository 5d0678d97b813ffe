"""The example of a cluster is that of one machine: only the target of the Stack differs."""

from __future__ import annotations

from pathlib import Path

import yaml

from rohe_iac.usecases.plans.plan import make_plan

EXAMPLES = Path(__file__).parents[3] / "examples"


def test_the_stack_on_k3s_differs_from_the_local_one_by_its_target_alone() -> None:
    here, there = (yaml.safe_load((EXAMPLES / name / "blueprints" / "stack.yaml").read_text()) for name in NAMES)
    assert here["spec"].pop("target").keys() == {"local"}
    assert there["spec"].pop("target").keys() == {"kubernetes"}
    assert here == there


def test_all_other_documents_are_the_same_files() -> None:
    here, there = (EXAMPLES / name / "blueprints" for name in NAMES)
    others = {path.name for path in here.iterdir()} - {"stack.yaml"}
    assert others == {path.name for path in there.iterdir()} - {"stack.yaml"}
    assert all((there / name).resolve() == (here / name).resolve() for name in others)


def test_every_replica_has_the_same_name_and_node_on_both() -> None:
    here, there = (make_plan(EXAMPLES / name).planfile.plan.placements for name in NAMES)
    assert [(item.replica, item.instance, item.node) for item in here] == [
        (item.replica, item.instance, item.node) for item in there
    ]


NAMES = ("digits", "k3s")
"""The folders of both examples."""
