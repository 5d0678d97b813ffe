"""Plans that apply and destroy refuse before the first side effect."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.deployment.files.record import Record
from rohe_iac.foundation.errors import UsageError
from rohe_iac.usecases.apply_choices import Choices
from rohe_iac.usecases.plans.plan import make_plan, write_plan
from rohe_iac.usecases.running.apply import DoesNotFit, StalePlan, WithoutEffect, intent
from rohe_iac.usecases.running.destroy import check_destroy
from rohe_iac.usecases.running.protection import Protected
from rohe_iac.usecases.stacks import KnownStack, known_stack

EXAMPLES = Path(__file__).parents[4] / "examples"
DIGITS = EXAMPLES / "digits"


@pytest.fixture(scope="module")
def planfile() -> PlanFile:
    """The plan of the digits example."""
    return make_plan(DIGITS).planfile


def refused(planfile: PlanFile, folder: Path, directory: Path = DIGITS) -> None:
    """Asks for what apply would do with a plan file."""
    write_plan(folder / "a.plan", planfile)
    intent(directory, str(folder / "a.plan"), Choices(), lambda *_: pytest.fail("a target was opened"))


def test_fields_without_support_are_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "digits"
    shutil.copytree(DIGITS, folder)
    stack = folder / "blueprints" / "stack.yaml"
    stack.write_text(
        stack.read_text().replace("{local: {runtime: process, ports: 24200-24299}}", "{manifests: {directory: out}}")
    )
    with pytest.raises(WithoutEffect) as caught:
        refused(make_plan(folder).planfile, tmp_path, folder)
    assert caught.value.brief == "the blueprint has fields that the target manifests does not support"
    assert caught.value.hint is not None
    assert "apply supports the targets local and kubernetes so far" in caught.value.hint


def test_a_plan_that_would_run_something_else_is_refused(planfile: PlanFile, tmp_path: Path) -> None:
    """Every digest of the altered file is right, and its plan keeps every constraint."""
    manifests = tuple(
        replace(manifest, text=manifest.text.replace("digits.camera", "digits.else")) for manifest in planfile.manifests
    )
    with pytest.raises(StalePlan) as caught:
        refused(replace(planfile, manifests=manifests), tmp_path)
    assert caught.value.detail is not None
    assert caught.value.detail.startswith("manifest process-camera-0: command: is ")
    with pytest.raises(StalePlan, match="the plan does not hold"):
        refused(replace(planfile, protect=("service/camera",)), tmp_path)


def test_a_plan_of_another_project_is_refused(planfile: PlanFile, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="belongs to"):
        refused(planfile, tmp_path, EXAMPLES / "cctvs")


def test_a_plan_whose_inputs_changed_is_stale(planfile: PlanFile, tmp_path: Path) -> None:
    inputs = tuple(replace(source, sha256="0" * 64) for source in planfile.inputs)
    with pytest.raises(StalePlan) as caught:
        refused(replace(planfile, inputs=inputs), tmp_path)
    assert caught.value.detail is not None
    assert caught.value.detail.startswith("blueprints/contract.yaml: changed since")


def test_replicas_without_a_node_are_counted_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "digits"
    (folder / "blueprints").mkdir(parents=True)
    for path in (*DIGITS.glob("rohe.yaml"), *DIGITS.glob("blueprints/*")):
        text = path.read_text().replace("requests: {cpu: 250m,", "requests: {cpu: 300,")
        (folder / path.relative_to(DIGITS)).write_text(text)
    with pytest.raises(DoesNotFit) as caught:
        intent(folder, None, Choices(), lambda *_: pytest.fail("a target was opened"))
    assert caught.value.brief == "1 replica without a node"
    assert caught.value.detail is not None
    assert caught.value.detail.startswith("replica/digits:aggregate/0: closest is ")


def test_destroy_refuses_what_is_protected_and_lists_the_rest(planfile: PlanFile) -> None:
    stack = known_stack(DIGITS, None)
    assert check_destroy(stack, ()) == ()
    record = Record(1, replace(planfile, protect=("service/camera",)), complete=True)
    protected = KnownStack(stack.root, stack.project, stack.name, stack.folder, record)
    with pytest.raises(Protected, match="1 protected part of the stack would be removed"):
        check_destroy(protected, ())
    assert "replica/digits:camera/0" in check_destroy(protected, ("service/camera",))
