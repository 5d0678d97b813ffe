"""What the tutorial tells its reader to write is a sound blueprint that is planned as it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.loading import load
from rohe_iac.cli.main import COMMANDS
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.solvers.planner import plan

TUTORIAL = Path(__file__).parents[3] / "docs" / "tutorial.md"
FILE = re.compile(r"```\w+\n# file: (\S+)\n(.*?)```", re.DOTALL)


def files() -> dict[str, str]:
    return dict(FILE.findall(TUTORIAL.read_text()))


@pytest.fixture
def blueprint(tmp_path: Path) -> Blueprint:
    for name, text in files().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return load(tmp_path)


def test_the_documents_are_sound_and_all_of_it_has_an_effect(blueprint):
    assert blueprint.warnings == ()
    assert blueprint.unsupported == ()


def test_every_replica_finds_a_node_and_the_models_are_apart(blueprint):
    decided = plan(problem_of(blueprint))
    assert decided.unplaced == ()
    models = [place.node for place in decided.placements if place.service == "model"]
    assert len(models) == len(set(models)) == 2


def test_the_services_are_programs_and_read_what_they_are_told():
    for name, text in files().items():
        if name.endswith(".py"):
            compile(text, name, "exec")
            assert "Reporter.from_environment()" in text


@pytest.mark.usefixtures("blueprint")
@pytest.mark.parametrize("command", ["validate", "plan", "why-not service/model large-1"])
def test_what_the_tutorial_shows_is_what_is_printed(command: str, tmp_path: Path) -> None:
    # A process of its own: the console of this one has the width that it had when it was made.
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "COLUMNS": "140"}
    line = [str(Path(sys.executable).parent / "rohe"), "-C", str(tmp_path), *command.split()]
    printed = subprocess.run(line, env=environment, capture_output=True, text=True, check=True).stdout
    shown = TUTORIAL.read_text().partition(f"$ rohe {command}\n")[2].partition("\n...\n")[0].partition("\n$ ")[0]
    assert shown
    assert printed.startswith(shown)


def test_every_command_of_the_tutorial_exists():
    known = {command.split()[0] for command in COMMANDS}
    assert {line.split()[2] for line in TUTORIAL.read_text().splitlines() if line.startswith("$ rohe ")} <= known


@pytest.mark.usefixtures("blueprint")
def test_the_shares_that_the_tutorial_shows_are_those_of_the_plan(tmp_path: Path) -> None:
    stack = tmp_path / "blueprints" / "stack.yaml"
    (line,) = re.findall(r"^agents: .*$", TUTORIAL.read_text(), re.MULTILINE)
    stack.write_text(stack.read_text().replace("  contracts: [promise]\n", f"  contracts: [promise]\n  {line}\n"))
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "COLUMNS": "140"}
    command = [str(Path(sys.executable).parent / "rohe"), "-C", str(tmp_path), "plan"]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    title = "Agents that share the reports of a pipeline\n"
    shown = TUTORIAL.read_text().partition(title)[2].partition("...\n")[0]
    assert shown
    assert title + shown in printed
