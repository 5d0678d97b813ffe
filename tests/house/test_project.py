"""The project's own files agree with each other."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from rohe_iac.deployment.engine.build import engine_version

DISTRIBUTIONS = {
    "google": "pulumi",
    "grpc": "pulumi",
    "semver": "pulumi",
    "pydantic_core": "pydantic",
    "paho": "paho-mqtt",
    "yaml": "pyyaml",
    "ruamel": "ruamel.yaml",
    "sklearn": "scikit-learn",
}
"""What brings a module, where their names differ."""


@pytest.fixture
def settings(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture
def project(settings: dict[str, Any]) -> dict[str, Any]:
    value: dict[str, Any] = settings["project"]
    return value


@pytest.fixture
def pins(root: Path) -> dict[str, set[str]]:
    """Versions by the distribution's name; one may have several, for different Pythons."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9.-]+)==(\S+)", (root / "constraints.txt").read_text(), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def test_every_dependency_is_pinned_at_a_version_that_pyproject_allows(
    settings: dict[str, Any], project: dict[str, Any], pins: dict[str, set[str]]
) -> None:
    groups = [settings["dependency-groups"]["dev"], *project["optional-dependencies"].values()]
    asked = [Requirement(text) for group in (project["dependencies"], *groups) for text in group]
    missing = {
        str(item)
        for item in asked
        if not any(
            item.specifier.contains(Version(pin)) for pin in pins.get(re.sub(r"[._]", "-", item.name.lower()), ())
        )
    }
    assert missing == set(), "run `make constraints`"


def test_every_library_that_is_imported_is_asked_for(root: Path, project: dict[str, Any]) -> None:
    asked = {Requirement(text).name.lower() for group in (project["dependencies"],) for text in group}
    for extra in project["optional-dependencies"].values():
        asked |= {Requirement(text).name.lower() for text in extra}
    imported = set()
    for path in (root / "rohe_iac").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add(str(node.module).partition(".")[0])
    foreign = imported - set(sys.stdlib_module_names) - {"rohe_iac"}
    assert {name for name in foreign if DISTRIBUTIONS.get(name, name) not in asked} == set()


def test_every_pin_has_a_hash(root: Path) -> None:
    pinned = [line for line in (root / "constraints.txt").read_text().splitlines() if re.match(r"[a-z]", line)]
    assert pinned
    assert [line for line in pinned if not line.endswith("\\")] == []


def test_the_engine_that_is_built_is_of_the_version_of_its_library(pins: dict[str, set[str]]) -> None:
    assert pins["pulumi"] == {engine_version()}


def test_a_wheel_has_what_the_engine_is_built_from(root: Path, tmp_path: Path) -> None:
    """An installed rohe has no checkout beside it; `rohe engine install` works all the same."""
    copy = tmp_path / "source"
    copy.mkdir()
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True)
    for name in tracked.stdout.split("\0"):
        if name.startswith(("rohe_iac/", "tools/")) or name in ("pyproject.toml", "README.md", "LICENSE"):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            if (root / name).is_symlink():
                (copy / name).symlink_to(os.readlink(root / name))
            else:
                (copy / name).write_bytes((root / name).read_bytes())
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet", "-w", str(tmp_path)]
    subprocess.run([*build, str(copy)], check=True, capture_output=True, text=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    module = {f"rohe_iac/deployment/engine/engine_module/{name}" for name in ("go.mod", "go.sum", "go.txt", "tools.go")}
    assert module <= names
    assert {"rohe_iac/py.typed", "rohe_iac/cli/main.py"} <= names
    assert any(name.endswith(".j2") for name in names)


def test_every_target_of_make_says_what_it_does(root: Path) -> None:
    targets = re.findall(r"^([a-z]+):(.*)$", (root / "Makefile").read_text(), re.MULTILINE)
    assert {name for name, rest in targets if "## " not in rest} == set()
    assert {"demo", "test", "lint", "bench", "hunt", "soak", "constraints", "clean", "help"} <= {
        name for name, _ in targets
    }
