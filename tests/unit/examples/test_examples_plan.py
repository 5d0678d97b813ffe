"""Every example is a sound blueprint, and all of it finds a place."""

import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.loading import load
from rohe_iac.manifests.by_target import manifests_of
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify
from rohe_iac.usecases.plans.profile import load_profiles

EXAMPLES = Path(__file__).parents[3] / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/rohe.yaml"))


def posed(blueprint: Blueprint) -> Problem:
    return problem_of(blueprint, load_profiles(blueprint)[0])


@cache
def planned(name: str) -> tuple[Blueprint, Plan]:
    blueprint = load(EXAMPLES / name)
    return blueprint, plan(posed(blueprint))


def test_the_examples_are_there():
    assert {"bts", "cctvs", "digits", "kpi", "template"} <= set(NAMES)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "template"])
def test_an_example_has_nothing_to_complain_about(name):
    blueprint, _ = planned(name)
    assert [warning.message for warning in blueprint.warnings if warning.code != "R401"] == []


@pytest.mark.parametrize("name", NAMES)
def test_an_example_that_apply_refuses_says_so_at_the_field(name):
    blueprint, _ = planned(name)
    found = [warning for warning in blueprint.warnings if warning.code == "R401"]
    assert found == list(blueprint.unsupported)
    for warning in found:
        line = (EXAMPLES / name / warning.place.file).read_text().splitlines()[warning.place.line - 1]
        assert line[warning.place.column - 1 :].startswith("manifests:")
        assert "rohe render --out" in warning.hint


@pytest.mark.parametrize("name", NAMES)
def test_an_example_says_what_it_needs_and_what_apply_does(name):
    text = (EXAMPLES / name / "README.md").read_text()
    (needs,) = re.findall(r"^\| needs \| (.+) \|$", text, re.MULTILINE)
    (does,) = re.findall(r"^\| `rohe apply` \| (.+) \|$", text, re.MULTILINE)
    refused = bool(planned(name)[0].unsupported)
    assert refused == does.startswith("refuses (exit code 3)")
    assert ("engine" in needs) != refused


def test_the_template_is_told_what_is_odd_in_the_original_sample():
    blueprint, _ = planned("template")
    odd = [warning for warning in blueprint.warnings if warning.code != "R401"]
    assert len(odd) == 3
    assert all("virtual memory" in warning.message for warning in odd)


@pytest.mark.parametrize("name", NAMES)
def test_every_replica_of_an_example_is_placed_and_the_plan_holds(name):
    blueprint, decided = planned(name)
    assert decided.unplaced == ()
    assert verify(posed(blueprint), decided) == ()
    assert manifests_of(blueprint, decided)


def test_the_template_has_the_machines_and_replicas_of_the_original_sample():
    blueprint, decided = planned("template")
    services = [service for pipeline in blueprint.pipelines for service in pipeline.spec.services]
    assert len(blueprint.inventory.spec.nodes) == 10
    assert len(blueprint.pipelines) == 3
    assert len(services) == 9
    assert sum(not place.system for place in decided.placements) == 15


def test_the_template_uses_four_machines_where_the_original_used_eight_to_ten():
    _, decided = planned("template")
    assert len({place.node for place in decided.placements}) == 4


def test_the_digits_example_shows_rules_at_work():
    _, decided = planned("digits")
    nodes = {place.instance: place.node for place in decided.placements}
    assert nodes["camera-0"] == "zero-1"
    assert nodes["classify-svm-0"] != nodes["classify-svm-1"]
    assert len(set(nodes.values())) == 3


def generate(folder: Path, *arguments: str) -> Path:
    subprocess.run([sys.executable, EXAMPLES / "fleet" / "generate.py", folder, *arguments], check=True, timeout=60)
    return folder


def test_the_fleet_is_short_and_its_machines_are_many():
    text = (EXAMPLES / "fleet" / "blueprints" / "fleet.yaml").read_text()
    blueprint, decided = planned("fleet")
    assert text.count("\n") < 60
    nodes = blueprint.inventory.spec.nodes
    assert (len(nodes), len({node.labels["zone"] for node in nodes})) == (5000, 50)
    vehicles = {node.name for node in nodes if node.labels.get("role") == "vehicle" and node.status == "running"}
    assert {place.node for place in decided.placements if place.service == "position"} == vehicles
    assert f"{len(decided.placements):,} replicas placed" in (EXAMPLES / "fleet" / "README.md").read_text()


def test_a_small_fleet_is_planned_and_the_plan_holds(tmp_path):
    blueprint = load(generate(tmp_path / "fleet", "--nodes", "60", "--replicas", "120"))
    decided = plan(problem_of(blueprint))
    assert len(blueprint.inventory.spec.nodes) == 60
    assert sum(not place.system for place in decided.placements) == 120
    assert verify(posed(blueprint), decided) == ()


def test_a_fleet_is_the_same_for_the_same_seed(tmp_path):
    def read(folder: Path) -> dict[str, str]:
        return {path.name: path.read_text() for path in (folder / "blueprints").iterdir()}

    size = ("--nodes", "30", "--replicas", "50")
    first = read(generate(tmp_path / "one", *size))
    assert first == read(generate(tmp_path / "two", *size))
    assert first != read(generate(tmp_path / "three", *size, "--seed", "8"))
    shutil.rmtree(tmp_path / "three")
