"""One altered value of a plan file, with every digest made anew, is found by `rohe verify`, but for a few."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from altered_blueprint import copy_example, write_blueprint
from plan_file_alterations import alterations, value_alterations
from test_random_placements import problem

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.loading import load
from rohe_iac.deployment.files.planfile import PlanFile, decode
from rohe_iac.foundation.errors import RoheError
from rohe_iac.planning.model.json_codec import plan_from_json, plan_to_json
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify
from rohe_iac.usecases.plans.comparison import blueprint
from rohe_iac.usecases.plans.plan import make_plan
from rohe_iac.usecases.plans.verify import verify_saved

PASSING = {
    "tool": "nothing acts on it",
    "problem.settings.max_moves": "an option of the command line, which the planner alone reads",
    "plan.placements[*].runner_up": "belongs to a state of the nodes that the plan does not keep",
    "plan.placements[*].reason": "belongs to a state of the nodes that the plan does not keep",
    "plan.refusals[*].by_rule": "belongs to a state of the nodes that the plan does not keep",
    "plan.refusals[*].closest": "belongs to a state of the nodes that the plan does not keep",
    "plan.placements[*].cores": "another one that is free as well; no manifest names it",
    "plan.placements[*].devices": "another one that is free as well; no manifest names it",
    "plan.proofs[*].limit": "what only a solver proved is reported as not checked",
}
"""The values that one may alter within what can be, and why; docs/planner.md has the same."""

DOCS = Path(__file__).parents[2] / "docs" / "planner.md"


@pytest.fixture
def load_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has equal carried files read once: almost all alterations leave them as they are."""
    known: dict[Any, Blueprint] = {}

    def remembered(root: Path, stack: str, **options: bool) -> Blueprint:
        files = tuple((str(path.relative_to(root)), path.read_bytes()) for path in sorted(root.rglob("*.yaml")))
        if (stack, files) not in known:
            known[stack, files] = load(root, stack, **options)
        return replace(known[stack, files], root=root)

    monkeypatch.setattr(blueprint, "load", remembered)


def accepted(pattern: str) -> bool:
    return any(pattern == name or pattern.startswith((f"{name}.", f"{name}[")) for name in PASSING)


def passing(content: bytes, wanted: Callable[[str], bool], nowhere: Path) -> Iterator[str]:
    """Yields the alterations that nothing finds fault with, in a folder without any blueprint."""
    assert verify_saved(decode(content, "as made"), nowhere).faults == ()
    for altered in alterations(content, wanted):
        try:
            planfile = decode(altered.content, "altered")
        except RoheError:
            continue
        if not verify_saved(planfile, nowhere).faults:
            yield str(altered)


def once_a_pattern() -> Callable[[str], bool]:
    """Returns a choice of one alteration of each pattern: what is compared byte for byte needs no more."""
    seen: set[str] = set()

    def wanted(pattern: str) -> bool:
        new = pattern not in seen
        seen.add(pattern)
        return new

    return wanted


def every_way_but_in_texts() -> Callable[[str], bool]:
    once = once_a_pattern()
    return lambda pattern: once(pattern) or (".text" not in pattern and pattern.startswith(("plan.", "actions", "man")))


@pytest.mark.usefixtures("load_once")
@pytest.mark.parametrize(
    ("target", "strategy"),
    [
        ("{local: {}}", "best-fit"),
        ("{kubernetes: {namespace: lab}}", "portfolio"),
        ("{manifests: {directory: out}}", "exact"),
    ],
)
def test_no_altered_value_passes_that_matters(tmp_path: Path, target: str, strategy: str) -> None:
    if strategy == "exact":
        pytest.importorskip("ortools")
    root = write_blueprint(tmp_path / "lab", target=target, strategy=strategy)
    content = make_plan(root).planfile.encode()
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    found = [word for word in passing(content, once_a_pattern(), nowhere) if not accepted(word.split()[0])]
    assert found == []


@pytest.mark.usefixtures("load_once")
def test_no_altered_value_of_an_example_passes_that_matters(tmp_path: Path) -> None:
    content = make_plan(copy_example(tmp_path / "digits", "digits")).planfile.encode()
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    found = [word for word in passing(content, every_way_but_in_texts(), nowhere) if not accepted(word.split()[0])]
    assert found == []


RARELY = {
    "losses": "in which order lost replicas are placed again is the planner's choice",
    "eased": "a spread that the plan keeps better than it says",
    "bound": "unknown where no replica of a workload with variants is placed",
}
"""Parts of a plan of which an alteration passes now and then, and why."""

OTHER_PLANS = {
    "placements[*].was": "compared with the record that the plan was made against",
    "placements[*].decided": "required of plan files since they have it",
    "placements[*].ports": "numbers that are free as well; a manifest has them too",
    "placements[*].node": "a node that is free as well; a manifest has it too",
    "placements[*].points": "the points of a replica without parts",
    "refusals": "a plan file has them of every workload",
}
"""What may be altered in a plan without its file: the rest of the file refuses it, or the plan is another good one."""


def problems() -> Iterator[Problem]:
    """Yields small problems with failures to survive, and with a strategy for each."""
    for seed in (1, 26):
        asked = problem(seed)
        for settings in ({"strategy": "best-fit"}, {"survive": 1, "strategy": "portfolio"}, {"survive": 2}):
            yield replace(asked, settings=replace(asked.settings, iterations=5, **settings))


def test_no_altered_part_of_a_plan_passes_that_matters() -> None:
    passed: dict[str, set[str]] = defaultdict(set)
    for asked in problems():
        found = plan(asked)
        assert verify(asked, found) == ()
        for altered in value_alterations(plan_to_json(found), per_pattern=1):
            try:
                other = plan_from_json(altered.value)
            except RoheError:
                continue
            if other != found and not verify(asked, other):
                passed[altered.pattern].add(altered.how)
    names = {*RARELY, *OTHER_PLANS, *(name.removeprefix("plan.") for name in PASSING)}
    found = {
        pattern: sorted(words)
        for pattern, words in passed.items()
        if not any(pattern == name or pattern.startswith((f"{name}.", f"{name}[")) for name in names)
    }
    assert found == {}


def test_what_may_be_altered_is_in_the_documentation() -> None:
    text = DOCS.read_text()
    named = {**PASSING, **{f"plan.{name}": reason for name, reason in RARELY.items()}}
    assert [name for name, reason in named.items() if f"| `{name}` | {reason} |" not in text] == []


def test_an_altered_file_of_the_blueprint_is_found_in_another_folder(tmp_path: Path) -> None:
    root = write_blueprint(tmp_path / "lab", target="{local: {}}", strategy="best-fit")
    planfile = make_plan(root).planfile
    assert planfile.files is not None
    files = tuple((path, text.replace("lab/camera:1", "lab/camera:2")) for path, text in planfile.files)
    altered = decode(replace(planfile, files=files).encode(), "altered")
    assert [word.partition(":")[0] for word in verify_saved(altered, tmp_path).faults] == ["inputs"]


def without_files(planfile: PlanFile) -> PlanFile:
    return replace(planfile, files=None)


def test_a_plan_without_its_blueprint_is_compared_with_the_one_at_hand(tmp_path: Path) -> None:
    root = write_blueprint(tmp_path / "lab", target="{local: {}}", strategy="best-fit")
    planfile = without_files(make_plan(root).planfile)
    here, elsewhere = verify_saved(planfile, root), verify_saved(planfile, tmp_path)
    assert (here.faults, here.unchecked, here.compared) == ((), (), f"the blueprint in {root}")
    assert elsewhere.faults == ()
    assert "the plan file does not carry its blueprint" in elsewhere.unchecked[0]
    unprotected = replace(planfile, protect=())
    assert [word.partition(":")[0] for word in verify_saved(unprotected, root).faults] == ["protect"]
    assert verify_saved(unprotected, tmp_path).faults == ()
