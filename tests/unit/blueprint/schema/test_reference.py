"""The page of the language and its schema are made of the models, and every example in them is right."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path
from typing import Annotated, Any

import jsonschema
import pytest
import yaml
from pydantic import BaseModel, TypeAdapter

from rohe_iac.blueprint.language.kinds import KINDS
from rohe_iac.blueprint.loading import check
from rohe_iac.blueprint.schema.contract_descriptions import CONTRACT_FIELDS
from rohe_iac.blueprint.schema.descriptions import FIELDS, describe_field
from rohe_iac.blueprint.schema.expressions import NAME
from rohe_iac.blueprint.schema.pod_descriptions import POD_FIELDS
from rohe_iac.blueprint.schema.reference import models_in, schema_of
from rohe_iac.blueprint.text.reader import read_plain
from rohe_iac.foundation.errors import UsageError

ROOT = Path(__file__).parents[4]
_specification = importlib.util.spec_from_file_location("write_blueprint_page", ROOT / "tools/write_blueprint_page.py")
assert _specification is not None
assert _specification.loader is not None
tool = importlib.util.module_from_spec(_specification)
_specification.loader.exec_module(tool)

EXPRESSION = f"#/$defs/{NAME}"
PARTS = list(dict.fromkeys(part for kind in KINDS.values() for part in models_in(kind)))
PLACES = [(part, field) for part in PARTS for field in part.model_fields]


@pytest.mark.parametrize(("part", "field"), PLACES, ids=lambda item: getattr(item, "__name__", item))
def test_every_field_is_described_and_its_example_is_valid(part: type[BaseModel], field: str) -> None:
    declared = part.model_fields[field]
    written = declared.alias or field
    description, example = describe_field(part, written)
    assert description.endswith(".")
    if written in ("apiVersion", "kind", "spec", "metadata") and part in KINDS.values():
        return
    value = read_plain(example).values[0]
    annotation: Any = Annotated[declared.annotation, *declared.metadata] if declared.metadata else declared.annotation
    TypeAdapter(annotation).validate_python(value)


def test_nothing_is_described_that_is_not_there() -> None:
    written = [(part, field.alias or name) for part in PARTS for name, field in part.model_fields.items()]
    declared = {f"{base.__name__}.{field}" for part, field in written for base in part.__mro__}
    assert {key for key in FIELDS if not key.startswith("Document.")} <= declared


def test_every_kind_is_described_in_one_place() -> None:
    assert "Objective.metric" in CONTRACT_FIELDS
    assert "Probe.http" in POD_FIELDS
    assert CONTRACT_FIELDS.items() | POD_FIELDS.items() <= FIELDS.items()


def test_the_page_and_the_schemas_are_fresh() -> None:
    path = ROOT / "docs/blueprints.md"
    assert path.read_text() == tool.rendered(path.read_text()), "run python tools/write_blueprint_page.py"
    for kind in KINDS:
        assert (ROOT / f"docs/schemas/{kind.lower()}.json").read_text() == tool.schema_text(kind)


def test_every_snippet_of_the_page_validates(tmp_path: Path) -> None:
    snippets = re.findall(r"^```yaml\n(.*?)^```", (ROOT / "docs/blueprints.md").read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "rohe.yaml").touch()
    shutil.copytree(ROOT / "user_modules", tmp_path / "user_modules")
    for index, text in enumerate(snippets):
        (tmp_path / f"page{index}.yaml").write_text(text)
    assert len(snippets) > 1
    assert check([tmp_path]).diagnostics == ()


def test_the_schema_knows_every_field_of_the_examples() -> None:
    texts = [path.read_text() for path in sorted((ROOT / "examples").glob("*/blueprints/*.yaml"))]
    texts += re.findall(r"^```yaml\n(.*?)^```", (ROOT / "docs/blueprints.md").read_text(), re.MULTILINE | re.DOTALL)
    documents = [item for text in texts for item in yaml.safe_load_all(text) if isinstance(item, dict)]
    asked = [item for item in documents if item.get("kind") in KINDS]
    assert {item["kind"] for item in asked} == set(KINDS)
    assert len(asked) > 40
    for document in asked:
        schema = schema_of(document["kind"])
        assert _unknown(schema, schema, document) == []


@pytest.mark.parametrize(
    "fragment",
    [
        "load: 10",
        "services: []",
        "services: [{name: a, image: a b}]",
        "services: [{name: a, image: a, health: {readiness: {tcp: http, http: {port: http}}}}]",
        "services: [{name: a, image: a, volumes: [{path: /a}]}]",
        "services: [{name: a, image: a, env: {1A: x}}]",
        "services: [{name: a, image: a, requests: {accelerators: {gpu: {}}}}]",
        "services: [{name: a, image: a, accuracy: 71}]",
    ],
)
def test_what_a_schema_can_say_it_refuses(fragment: str) -> None:
    spec = {"services": [{"name": "a", "image": "a"}], **yaml.safe_load(fragment)}
    document = {"apiVersion": "rohe.dev/v1", "kind": "Pipeline", "metadata": {"name": "p"}, "spec": spec}
    assert not jsonschema.Draft202012Validator(schema_of("Pipeline")).is_valid(document)


@pytest.mark.parametrize(
    "fragment",
    [
        "operator: between",
        "value: [1s, 2s]",
        "value: -3s",
        "window: {size: 5m, session: 30s}",
        "window: {session: 30s, every: 10s}",
        "aggregate: p100",
        "target: 99",
        "budgetWindow: 30d",
        "scope: {services: a}",
    ],
)
def test_what_a_schema_can_say_of_objectives_it_refuses(fragment: str) -> None:
    right = {"metric": "response_time", "operator": "<", "value": "1s", "window": {"size": "5m"}}
    validator = jsonschema.Draft202012Validator(schema_of("ObservationContract"))
    for objective, valid in ((right, True), ({**right, **yaml.safe_load(fragment)}, False)):
        spec = {"pipeline": "p", "objectives": [objective]}
        whole = {"apiVersion": "rohe.dev/v1", "kind": "ObservationContract", "metadata": {"name": "c"}, "spec": spec}
        assert validator.is_valid(whole) is valid


def _unknown(whole: dict[str, Any], schema: dict[str, Any], value: Any, at: str = "") -> list[str]:
    """Paths of keys that no branch of the schema declares."""
    if "$ref" in schema:
        return _unknown(whole, whole["$defs"][schema["$ref"].rpartition("/")[2]], value, at)
    branches = schema.get("anyOf") or schema.get("oneOf")
    if branches and "properties" not in schema:
        plain = [branch for branch in branches if branch.get("$ref") != EXPRESSION]
        return min((_unknown(whole, branch, value, at) for branch in plain), key=len)
    if not {"type", "properties", "additionalProperties"} & schema.keys():
        return []  # any value
    if isinstance(value, dict) and schema.get("type") == "array":
        value = list(value.values())  # a list of named items may be written as a mapping by name
    if isinstance(value, dict):
        if schema.get("type") != "object":
            return [at]
        found = []
        for key, part in value.items():
            known = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
            inner = {} if known is True else known
            if inner is None or inner is False:
                found.append(f"{at}/{key}")
            elif inner:
                found += _unknown(whole, inner, part, f"{at}/{key}")
        return found
    if isinstance(value, list) and "items" in schema:
        return [path for part in value for path in _unknown(whole, schema["items"], part, at)]
    return []


def test_an_unknown_kind_is_a_wrong_use() -> None:
    with pytest.raises(UsageError, match="Pipelin"):
        schema_of("Pipelin")
