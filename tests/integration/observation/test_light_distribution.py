"""rohe-reporting installs alone: nothing of rohe and nothing heavy beside it, and its reports reach an agent."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt
import pytest
from observed_brokers import RunningBroker
from observed_stage import Stage, load_configuration
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
FOLDER = "distributions/rohe-reporting"

PROGRAM = """
import json, sys
from rohe_reporting import AsyncReporter, Command, NoPeer, Peers, Replicas, Reporter, __version__

reporter = Reporter.from_environment()
accepted = [reporter.report(request=f"r{number}", metrics={"confidence": 0.5}) for number in range(20)]
flushed = reporter.flush(30)
reporter.close()
said = {"accepted": sum(accepted), "flushed": flushed, "version": __version__, "modules": sorted(sys.modules)}
print(json.dumps(said))
"""


def build(source: Path, into: Path) -> Path:
    """Builds a wheel without a network, by the build backend that is installed here."""
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-index", "--no-build-isolation", "--quiet"]
    done = subprocess.run([*build, "-w", str(into), str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = into.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, because a build writes beside them."""
    copy = tmp_path_factory.mktemp("repository")
    ignored = shutil.ignore_patterns("__pycache__", "docs", "rohe_reporting", "build", "*.egg-info")
    for name in ("rohe_iac", FOLDER):
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    shutil.copy(ROOT / "LICENSE", copy / "LICENSE")
    return copy


@pytest.fixture(scope="module")
def wheel(copied: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(copied / FOLDER, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has rohe-reporting, paho-mqtt and nothing else."""
    environment = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index", "--no-deps", "--quiet"]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
    (packages / "paho").symlink_to(Path(paho.mqtt.__file__).parent.parent)
    return python


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker) -> Iterator[Stage]:
    stage = Stage(tmp_path, own_broker, load_configuration(1))
    yield stage
    stage.end()


@pytest.mark.broker
def test_it_reports_to_an_agent_and_imports_nothing_but_the_client_library(installed: Path, stage: Stage) -> None:
    stage.start_agent()
    environment = stage.service_environment("load-0")
    done = subprocess.run(
        [str(installed), "-I", "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["accepted"], said["flushed"]) == (20, True), done.stderr
    assert sorted(stage.stored_requests()) == sorted(("load-0", f"r{number}") for number in range(20))
    others = {name.partition(".")[0] for name in said["modules"]} - set(sys.stdlib_module_names)
    assert {name for name in others if not name.startswith("_")} == {"paho", "rohe_reporting"}
    assert said["version"] == re.findall(r'"(.+)"', (ROOT / "rohe_iac/__init__.py").read_text())[-1]


def test_its_files_are_its_own_and_its_requirement_is_that_of_rohe(wheel: Path) -> None:
    """Two distributions with one file in common would overwrite, and at removal delete, each other's."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (archive.read(name).decode() for name in names if name.endswith("METADATA"))
        sources = {name: archive.read(name).decode() for name in names if name.endswith(".py")}
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"rohe_reporting"}
    assert "rohe_reporting/py.typed" in names
    assert {name for name, text in sources.items() if "rohe_iac" in text} == set()
    asked = [Requirement(text) for text in re.findall(r"^Requires-Dist: (.*)$", metadata, re.MULTILINE)]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert asked == [item for item in map(Requirement, project["dependencies"]) if item.name == "paho-mqtt"]
    imported = {name.partition(".")[0] for text in sources.values() for name in names_imported(text)}
    assert imported - set(sys.stdlib_module_names) == {"paho", "rohe_reporting"}


def names_imported(text: str) -> set[str]:
    """Returns what a module imports, at once or later."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
    return found


def test_its_source_distribution_builds_without_the_repository(wheel: Path, copied: Path, tmp_path: Path) -> None:
    code = "import sys; sys.path.insert(0, '.'); import build_backend; build_backend.build_sdist(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=copied / FOLDER, check=True, capture_output=True, text=True
    )
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as sources:
        sources.extractall(tmp_path / "unpacked", filter="data")
    (folder,) = (tmp_path / "unpacked").iterdir()
    rebuilt = build(folder, tmp_path / "rebuilt")
    assert names_and_sizes(rebuilt) == names_and_sizes(wheel)


def names_and_sizes(wheel: Path) -> dict[str, int]:
    with zipfile.ZipFile(wheel) as archive:
        return {item.filename: item.file_size for item in archive.infolist() if not item.filename.endswith("RECORD")}


@pytest.mark.broker
def test_both_names_in_use_respect_each_others_outbox(installed: Path, stage: Stage) -> None:
    """A service and a tool of the same instance may use either name; one of them at a time has the outbox."""
    packages = next((installed.parent.parent / "lib").glob("python*/site-packages"))
    code = (
        "import rohe_reporting, rohe_iac.reporting\n"
        "first, second = rohe_iac.reporting.Reporter.from_environment(), rohe_reporting.Reporter.from_environment()\n"
        "assert first.report(request='first')\n"
        "assert not second.report(request='second')\n"
        "assert second.pending == 1\n"
        "first.close(timeout=0)\n"
        "assert second.write(20)\n"
        "assert second.flush(30)\n"
        "second.close()\n"
    )
    stage.start_agent()
    environment = {**os.environ, **stage.service_environment("load-0"), "PYTHONPATH": f"{ROOT}:{packages}"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(stage.stored_requests()) == [("load-0", "first"), ("load-0", "second")]
