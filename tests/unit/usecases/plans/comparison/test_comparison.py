"""A saved plan compared with its blueprint and with the record that it was made against."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rohe_iac.blueprint.linked.blueprint import Source
from rohe_iac.deployment.files.planfile import Against, PlanFile
from rohe_iac.deployment.files.record import Record, write_record
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.usecases.plans.comparison.blueprint import changed_file, compare
from rohe_iac.usecases.plans.comparison.record import record_faults, record_of
from rohe_iac.usecases.plans.plan import make_plan
from rohe_iac.usecases.plans.plan_file_building import carried_files, lies_below

DIGITS = Path(__file__).parents[5] / "examples" / "digits"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the digits example, with a state folder of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    shutil.copytree(DIGITS, tmp_path / "digits")
    return tmp_path / "digits"


def faults(planfile: PlanFile, root: Path) -> tuple[str, ...]:
    return compare(planfile, root, render=True).faults


def test_a_manifest_that_is_not_what_the_plan_renders_to_is_named_with_the_field(folder: Path) -> None:
    planfile = make_plan(folder).planfile
    manifests = [
        replace(manifest, text=manifest.text.replace("digits.camera", "digits.else")) for manifest in planfile.manifests
    ]
    found = faults(replace(planfile, manifests=tuple(manifests)), folder.parent)
    assert len(found) == 1
    assert found[0].startswith("manifest process-camera-0: command: is ")
    assert faults(replace(planfile, manifests=planfile.manifests[1:]), folder.parent) == (
        f"manifest {planfile.manifests[0].name}: the plan renders to it, and it is missing",
    )


def test_a_problem_that_the_blueprint_does_not_pose_is_named_with_the_field(folder: Path) -> None:
    planfile = make_plan(folder).planfile
    first, *others = planfile.problem.demands
    problem = replace(planfile.problem, demands=(replace(first, priority=7), *others))
    assert faults(replace(planfile, problem=problem), folder.parent) == (
        f"problem: demands.{first.workload}.priority: is 7, the blueprint gives {first.priority}",
    )

    assert faults(replace(planfile, manifests=planfile.manifests[::-1]), folder.parent) == (
        "manifests: they are not sorted by name, each once",
    )


def test_a_file_of_another_version_of_rohe_that_renders_otherwise_is_no_fault(folder: Path) -> None:
    planfile = replace(make_plan(folder).planfile, tool="0.0.1", protect=("service/camera",))
    comparison = compare(planfile, folder, render=True)
    assert comparison.faults == ()
    assert "another version of rohe" in comparison.unchecked[0]


@pytest.mark.parametrize(
    ("path", "words"), [("../out.yaml", "not among them"), ("blueprints/more.yaml", "not among them")]
)
def test_carried_files_are_the_inputs_and_nothing_else(folder: Path, path: str, words: str) -> None:
    planfile = make_plan(folder).planfile
    assert planfile.files is not None
    found = faults(replace(planfile, files=tuple(sorted((*planfile.files, (path, ""))))), folder)
    assert words in found[0]
    assert not (folder.parent / "out.yaml").exists()


def test_carried_files_that_are_no_blueprint_are_a_fault(folder: Path) -> None:
    planfile = make_plan(folder).planfile
    found = faults(replace(planfile, stack="other"), folder)
    assert found == ("inputs: they are no blueprint of the stack other: there is no stack 'other'",)


def test_files_are_carried_as_far_as_they_are_text_below_the_root(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\n")
    (tmp_path / "b.yaml").write_bytes(b"\xff")
    assert carried_files(tmp_path, [Source("a.yaml", "")]) == (("a.yaml", "a: 1\n"),)
    for path in ("b.yaml", "none.yaml", "../a.yaml"):
        assert carried_files(tmp_path, [Source(path, "")]) is None
    assert [lies_below(path) for path in ("a/b", "/a", "a/../b", "", "a\0")] == [True, False, False, False, False]
    assert changed_file(Source("none.yaml", ""), tmp_path) == "none.yaml: No such file or directory"


def test_actions_and_nodes_of_before_follow_from_the_record(folder: Path) -> None:
    first = make_plan(folder).planfile
    state = StackFolder.of(first.project, first.stack)
    state.path.mkdir(parents=True)
    write_record(state, Record(1, first, complete=True))
    second = make_plan(folder).planfile
    record, missing = record_of(second)
    assert (record is not None, missing) == (True, "")
    assert list(record_faults(second, record)) == []
    actions = (replace(second.actions[0], verb="update", because="changed: a"), *second.actions[1:])
    name = second.actions[0].manifest
    assert list(record_faults(replace(second, actions=actions), record)) == [
        f"action update {name} (changed: a): what was applied gives keep {name} (nothing changed)"
    ]
    elsewhere = replace(second, against=Against(5, "f" * 64))
    assert record_of(elsewhere) == (
        None,
        "actions: record 5, which the plan was made against, is not on this machine",
    )
