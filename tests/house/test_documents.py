"""Documents of the repository are valid by the language, and by the schemas that editors use."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from rohe_iac.blueprint.findings.codes import CODES
from rohe_iac.blueprint.text.formatting import format_yaml
from rohe_iac.blueprint.text.reader import read_plain

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILES = sorted([*(ROOT / "examples").glob("*/blueprints/**/*.yaml"), *(ROOT / "blueprints").rglob("*.yaml")])
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if "diagnostics" not in path.parts)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def validator(kind: str) -> jsonschema.Draft202012Validator:
    schema = json.loads((ROOT / f"docs/schemas/{kind.lower()}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def documents(text: str) -> list[dict[str, Any]]:
    found = [value for value in read_plain(text).values if isinstance(value, dict)]
    return [value for value in found if value.get("apiVersion") == "rohe.dev/v1"]


def refused(text: str) -> list[str]:
    return [
        f"{document['metadata']['name']}: {error.json_path}: {error.message[:80]}"
        for document in documents(text)
        for error in validator(document["kind"]).iter_errors(document)
    ]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_is_valid_by_the_schema_and_in_normal_form(path: Path) -> None:
    text = path.read_text()
    assert refused(text) == []
    assert format_yaml(text) == text


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_whole_documents_in_a_page_are_valid_by_the_schema(path: Path) -> None:
    for text in BLOCK.findall(path.read_text()):
        assert refused(text) == []


@pytest.mark.parametrize("kind", ["Pipeline", "Inventory", "ObservationContract", "Stack"])
def test_the_schema_refuses_a_wrong_type_and_an_unknown_field(kind: str) -> None:
    sample = next(item for path in FILES for item in documents(path.read_text()) if item["kind"] == kind)
    assert validator(kind).is_valid(sample)
    for wrong in ({"spec": 12}, {"metadata": {"name": 7}}, {"spec": {**sample["spec"], "colour": "red"}}):
        assert not validator(kind).is_valid({**copy.deepcopy(sample), **wrong})


def test_sixty_codes_and_more_have_a_wrong_example_with_line_and_column() -> None:
    """That each page says what validate says is a claim of its own."""
    placed = [
        code
        for code in CODES
        if re.search(rf":\d+:\d+: \w+ {code}: ", (ROOT / f"docs/diagnostics/{code}.md").read_text())
    ]
    assert len(placed) >= 60
