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
    "activeDeadlineSeconds", "app.kubernetes.io", "binaryData", "deploy.resources", "httpGet", "node.hostname",
    "node.labels.NAME", "rohe.dev", "spec.template.spec.containers", "tcpSocket",
}  # fmt: skip
"""What reports call by the names that it has in imported files."""

FOREIGN_PAIRS = {("memory", "capacity"), ("capacity", "rss")}
"""Fields of imported files that a report shows, each with a field below it."""

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


def fields_below(part: Any, definitions: dict[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Yields each field of a schema with the names of the fields in its value; with none where these are free."""
    for name, value in part.get("properties", {}).items() if isinstance(part, dict) else ():
        models = re.findall(r"'\$ref': '#/\$defs/(\w+)'", str(value))
        yield name, {field for model in models for field in definitions[model].get("properties", ())}
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from fields_below(inner, definitions)


BELOW: dict[str, set[str]] = {}
for schema in map(schema_of, KINDS):
    for field, inside in fields_below(schema, schema["$defs"]):
        BELOW.setdefault(field, set()).update(inside)


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


@pytest.mark.parametrize("module", sorted(ROOT.rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_mappings_that_a_report_shows_have_fields_of_the_language(module: Path) -> None:
    shown = re.findall(r"\b(\w+): (?=\{(\w+):)", "\n".join(sentences(module)))
    wrong = {pair for pair in shown if BELOW[pair[0]] and pair[1] not in BELOW[pair[0]]}
    assert wrong <= FOREIGN_PAIRS
