"""The limits of the package's rooms: size of folders, purpose of packages, unique class names, tested modules."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

from rohe_iac.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "rohe_iac"
MAX_MODULES = 15
LEAST_PURPOSE = 40
"""Characters of a package's docstring below which it says no purpose."""

RUN_BY_NAME = {"rohe_iac.cli.main", "rohe_iac.targets.provider.main"}
"""Entry points, which tests start as programs."""

COMMAND_MODULES = "rohe_iac.cli.commands."
"""Modules of commands, which tests name by the words that a user types."""


@cache
def syntax_tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def packages() -> list[Path]:
    return sorted(path.parent for path in PACKAGE.rglob("__init__.py"))


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def names_imported(path: Path) -> set[str]:
    """Returns every dotted name that a file imports, `from a import b` as `a` and as `a.b`."""
    found = set()
    for node in ast.walk(syntax_tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_no_folder_has_more_than_fifteen_modules() -> None:
    counts = {dotted(folder / "x"): sum(path.parent == folder for path in modules()) for folder in packages()}
    assert {name: count for name, count in counts.items() if count > MAX_MODULES} == {}


def test_every_package_says_what_it_is_for() -> None:
    silent = [
        str(folder.relative_to(ROOT))
        for folder in packages()
        if len(ast.get_docstring(syntax_tree(folder / "__init__.py")) or "") < LEAST_PURPOSE
    ]
    assert silent == []


def test_no_class_name_is_there_twice() -> None:
    places = defaultdict(list)
    for path in modules():
        for node in syntax_tree(path).body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(dotted(path))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_every_module_is_named_by_a_test() -> None:
    named: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        named |= names_imported(path)
        named |= set(re.findall(r"rohe_iac(?:\.\w+)+", path.read_text(encoding="utf-8")))
    unnamed = [dotted(path) for path in modules() if dotted(path) not in named | RUN_BY_NAME]
    assert [name for name in unnamed if not name.startswith(COMMAND_MODULES)] == []


def test_every_command_is_typed_by_a_test() -> None:
    typed: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        constants = (node.value for node in ast.walk(syntax_tree(path)) if isinstance(node, ast.Constant))
        typed |= {word for value in constants if isinstance(value, str) for word in value.split()}
    assert {word for command in COMMANDS for word in command.split()} - typed == set()


def test_every_python_file_that_pages_name_is_there() -> None:
    known = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py") if ".venv" not in path.parts}
    missing = []
    for page in [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "examples").glob("*/README.md")]:
        for name in re.findall(r"`?((?:rohe_iac|tests|tools|user_modules|stacks)/[\w/]+\.py)\b", page.read_text()):
            if name not in known and not (page.parent / name).exists() and name.startswith("rohe_iac/"):
                missing.append(f"{page.relative_to(ROOT)}: {name}")
    assert missing == []
