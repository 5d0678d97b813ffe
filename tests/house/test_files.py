"""What holds for every file of the repository that git tracks."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

LONGEST = 400
NEVER_IN_NAMES = {"manager", "handler", "helper", "helpers", "util", "utils", "common", "misc", "data", "v2", "legacy"}
REGISTRIES = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "proxy.go" + "lang.org",
    "sum.go" + "lang.org",
    "npm" + "js.org",
    "crates" + ".io",
    "deb.deb" + "ian.org",
    "repo.mav" + "en.apache.org",
)
NAMED_FOREIGN = re.compile(r"tools/[a-z-]+/go\.(sum|mod)")
"""Go's files, which name modules by their hosts."""


def tracked(root: Path) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and (root / name).is_file()]


def texts(root: Path) -> Iterator[tuple[str, str]]:
    for name in tracked(root):
        try:
            yield name, (root / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


@pytest.fixture
def sources(root: Path) -> list[str]:
    return [name for name in tracked(root) if name.endswith(".py")]


def test_no_python_file_has_four_hundred_lines(root: Path, sources: list[str]) -> None:
    lengths = {name: len((root / name).read_text(encoding="utf-8").splitlines()) for name in sources}
    assert {name: length for name, length in lengths.items() if length >= LONGEST} == {}


def test_no_name_says_nothing(root: Path, sources: list[str]) -> None:
    """Files, and public classes and functions, of the package have names without the words that fit anything."""
    found = []
    for name in sources:
        if not name.startswith("rohe_iac/"):
            continue
        names = [Path(name).stem, *(part for part in Path(name).parts[:-1])]
        for node in ast.walk(ast.parse((root / name).read_text(encoding="utf-8"))):
            named = isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            if named and not node.name.startswith("_"):
                names.append(node.name)
        found += [f"{name}: {item}" for item in names if words(item) & NEVER_IN_NAMES]
    assert found == []


def words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+\d*|[A-Z]+(?![a-z])", name)}


def test_no_file_names_the_host_of_a_registry(root: Path) -> None:
    found = {
        f"{name}: {host}"
        for name, text in texts(root)
        if not NAMED_FOREIGN.fullmatch(name)
        for host in REGISTRIES
        if host in text
    }
    assert found == set()


def test_no_file_names_a_folder_of_the_machine_it_was_written_on(root: Path) -> None:
    folders = ("/" + "work/", "/" + "root/", "/" + "tmp/brief", "/" + "tmp/probe")
    found = {f"{name}: {folder}" for name, text in texts(root) for folder in folders if folder in text}
    assert found == set()


def test_everything_is_caught_only_where_foreign_code_is_called(root: Path, sources: list[str]) -> None:
    """A broad `except` would hide faults: each one raises on, or says in a comment whose code may raise anything."""
    unexplained = []
    for name in sources:
        if not name.startswith("rohe_iac/"):
            continue
        lines = (root / name).read_text(encoding="utf-8").splitlines()
        broad = [
            number for number, line in enumerate(lines, 1) if re.search(r"except (Base)?Exception\b|except:", line)
        ]
        for number in broad:
            beside = "\n".join(lines[number - 1 : number + 1])
            told = re.search(r"# (?!noqa: BLE001\n|noqa: BLE001$)\S", beside) is not None
            if not told and not reraises(root, f"{name}:{number}"):
                unexplained.append(f"{name}:{number}")
    assert unexplained == []


def reraises(root: Path, place: str) -> bool:
    """Whether the clause at `place` ends by raising what it caught: that hides nothing."""
    name, _, number = place.partition(":")
    for node in ast.walk(ast.parse((root / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler) and node.lineno == int(number):
            last = node.body[-1]
            return isinstance(last, ast.Raise) and last.exc is None
    return False
