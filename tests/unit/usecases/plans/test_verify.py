"""`rohe verify`: constraints and manifests of a saved plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS
from rohe_iac.usecases.plans.manifest_verification import manifest_faults
from rohe_iac.usecases.plans.plan import make_plan
from rohe_iac.usecases.plans.plugins import changed_since, reload_plugins
from rohe_iac.usecases.plans.verify import Verification, faults_of, verify_saved

DIGITS = Path(__file__).parents[4] / "examples" / "digits"


@pytest.fixture(scope="module")
def planfile() -> PlanFile:
    """The plan of the digits example."""
    return make_plan(DIGITS).planfile


def test_a_plan_as_it_was_made_has_no_faults(planfile: PlanFile) -> None:
    assert verify_saved(planfile, DIGITS) == Verification((), (), "the blueprint that the plan file carries")
    assert list(manifest_faults(planfile)) == []


def test_a_plan_without_plugins_depends_on_no_module(planfile: PlanFile) -> None:
    assert changed_since(planfile.problem, DIGITS) == ()
    assert reload_plugins(planfile.problem, DIGITS) == (NO_PLUGINS, ())


def test_a_crowded_node_is_a_fault(planfile: PlanFile) -> None:
    placements = tuple(msgspec.structs.replace(item, node="zero-1") for item in planfile.plan.placements)
    faults = faults_of(replace(planfile, plan=replace(planfile.plan, placements=placements)))
    assert any(fault.startswith("node/zero-1: cpu: ") for fault in faults)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"address": "replica/digits:camera/7"}, "makes replica/digits:camera/7, which is not placed"),
        ({"address": "service/gone"}, "is for service/gone, of which nothing is placed"),
        ({"depends_on": ("nothing",)}, "waits for nothing, which is not there"),
        ({"text": "a: ["}, "is not one document of the kind Process"),
        ({"stand_in": True}, "is said to run a stand-in, and runs none"),
    ],
)
def test_a_manifest_that_makes_something_else_is_a_fault(planfile: PlanFile, change: dict, fault: str) -> None:
    first, *others = (item for item in planfile.manifests if item.address.startswith("replica/"))
    others += [item for item in planfile.manifests if not item.address.startswith("replica/")]
    faults = list(manifest_faults(replace(planfile, manifests=(replace(first, **change), *others))))
    assert f"manifest {first.name}: {fault}" in faults


@pytest.mark.parametrize(
    ("written", "altered", "fault"),
    [
        ("name: data-preparation-0", "name: other", "is called other, the replica data-preparation-0"),
        ("rohe.dev/node: ", "rohe.dev/node: not-", "says that it is on not-"),
        ("replicas: 1", "replicas: 2", "makes 2 of replica/bts:data-preparation/0"),
    ],
)
def test_a_deployment_that_makes_something_else_is_a_fault(written: str, altered: str, fault: str) -> None:
    planfile = make_plan(DIGITS.parent / "bts").planfile
    assert list(manifest_faults(planfile)) == []
    manifests = {item.name: item for item in planfile.manifests}
    name = "deployment-data-preparation-0"
    manifests[name] = replace(manifests[name], text=manifests[name].text.replace(written, altered, 1))
    (found,) = manifest_faults(replace(planfile, manifests=tuple(manifests.values())))
    assert found.startswith(f"manifest {name}: {fault}")
    del manifests[name]
    assert "replica/bts:data-preparation/0 is placed but no manifest makes it" in list(
        manifest_faults(replace(planfile, manifests=tuple(manifests.values())))
    )


def test_a_manifest_that_is_there_twice_or_has_no_action_is_a_fault(planfile: PlanFile) -> None:
    first = planfile.manifests[0]
    twice = list(manifest_faults(replace(planfile, manifests=(first, *planfile.manifests))))
    assert f"manifest {first.name}: is there 2 times" in twice
    assert any("has no action" in fault for fault in manifest_faults(replace(planfile, actions=())))
