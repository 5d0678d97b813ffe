"""What users import of the package: `rohe_iac.plugins` for the planner, `rohe_iac.reporting` for services."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import rohe_iac.plugins as door

PUBLIC = {"rohe_iac.plugins", "rohe_iac.reporting"}


def imported(text: str) -> set[str]:
    """Returns the modules of the package that a Python text imports."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("rohe_iac"):
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("rohe_iac")}
    return found


def test_user_modules_and_examples_import_public_modules_alone(root: Path) -> None:
    files = [*(root / "user_modules").rglob("*.py"), *(root / "examples" / "digits" / "digits").rglob("*.py")]
    assert files
    inner = {file.name: imported(file.read_text()) - PUBLIC for file in files}
    assert {name: modules for name, modules in inner.items() if modules} == {}


def test_code_in_the_pages_imports_public_modules_alone(root: Path) -> None:
    pages = [*(root / "docs").rglob("*.md"), *root.glob("*.md"), *(root / "examples").glob("*/README.md")]
    found = {
        match[1]
        for page in pages
        for match in re.finditer(r"^\s*(?:from|import) (rohe_iac[\w.]*)", page.read_text(), re.MULTILINE)
    }
    assert found
    assert found <= PUBLIC


def test_the_door_has_all_that_it_promises_and_nothing_more() -> None:
    names = {name for name in vars(door) if not name.startswith("_") and name != "annotations"}
    assert names == set(door.__all__)
