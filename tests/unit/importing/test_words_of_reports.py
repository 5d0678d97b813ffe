"""Fields that reasons and notes of imports name exist in the language of blueprints."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rohe_iac.importing
from rohe_iac.blueprint.language.kinds import KINDS
from rohe_iac.blueprint.schema.reference import schema_of

FOREIGN = {
    "activeDeadlineSeconds", "app.kubernetes.io", "binaryData", "deploy.resources", "node.hostname",
    "node.labels.NAME", "rohe.dev", "spec.template.spec.containers",
}  # fmt: skip
"""What reports call by the names that it has in imported files."""

FIELD = re.compile(r"(?<![\w/.`$-])[a-z]+(?:(?:[A-Z][a-z]+)+(?:\.\w+)*|(?:\.[a-zA-Z]+)+)(?![\w/])")
"""A name in camel case or a path with dots, such as nodeSelector and requests.cpu."""


def names(part: Any) -> Iterator[str]:
    """Yields the names of fields and values of a schema."""
    if isinstance(part, dict):
        yield from part.get("properties", ())
        yield from (value for value in [*part.get("enum", ()), part.get("const")] if isinstance(value, str))
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from names(inner)


KNOWN = {name for kind in KINDS for name in names(schema_of(kind))}


def sentences(module: Path) -> Iterator[str]:
    """Yields the texts of a module that have several words, without those that document it."""
    tree = ast.parse(module.read_text())
    documenting = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documenting:
            yield from [node.value] if " " in node.value else []


ROOT = Path(rohe_iac.importing.__file__).parent


@pytest.mark.parametrize("module", sorted(ROOT.rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_fields_that_a_report_names_exist(module: Path) -> None:
    found = {word for text in sentences(module) for word in FIELD.findall(text)} - FOREIGN
    assert [word for word in sorted(found) if not KNOWN.issuperset(word.split("."))] == []
