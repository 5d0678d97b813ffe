"""Inputs of modules: each has a type, which the schema, the declaration and every use of it are held to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from rohe_iac.blueprint.loading import check
from rohe_iac.blueprint.schema.reference import schema_of

VALUES: dict[str, Any] = {"text": "text", "3": 3, "0.5": 0.5, "true": True, "list": ["a"], "mapping": {"a": 1}}
FITS = {
    "string": {"text"},
    "integer": {"3"},
    "number": {"3", "0.5"},
    "boolean": {"true"},
    "list": {"list"},
    "mapping": {"mapping"},
}


def module(declaration: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "rohe.dev/v1",
        "kind": "Module",
        "metadata": {"name": "m", "version": "1.0.0"},
        "spec": {"inputs": {"x": declaration}, "sources": ["pipeline.yaml"]},
    }


def codes(folder: Path, declaration: dict[str, Any], use: dict[str, Any] | None = None, name: str = "x") -> list[str]:
    """Returns the codes that `rohe validate` reports of a module with that input, and of a stack that uses it."""
    documents = [
        {"kind": "Pipeline", "metadata": {"name": "p"}, "spec": {"services": [{"name": "a", "command": ["a"]}]}},
        {"kind": "Inventory", "metadata": {"name": "i"}, "spec": {
            "nodes": [{"name": "n", "cpu": 1, "memory": {"rss": "1Gi"}}],
        }},
        {"kind": "Stack", "metadata": {"name": "s"}, "spec": {
            "pipelines": ["p"], "inventory": "i",
            "modules": [{"name": "u", "source": "modules/m", **({"inputs": use} if use is not None else {})}],
        }},
    ]  # fmt: skip
    (folder / "modules/m").mkdir(parents=True)
    (folder / "rohe.yaml").touch()
    (folder / "all.yaml").write_text(
        yaml.safe_dump_all([{"apiVersion": "rohe.dev/v1", **item} for item in documents[1:]])
    )
    document = module(declaration)
    document["spec"]["inputs"] = {name: declaration}
    (folder / "modules/m/module.yaml").write_text(yaml.safe_dump(document))
    (folder / "modules/m/pipeline.yaml").write_text(yaml.safe_dump({"apiVersion": "rohe.dev/v1", **documents[0]}))
    return [item.code for item in check([folder]).diagnostics]


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in FITS for name in VALUES])
def test_a_use_gives_a_value_of_the_input_s_type_and_no_other(tmp_path: Path, kind: str, name: str) -> None:
    found = codes(tmp_path, {"type": kind}, {"x": VALUES[name]})
    assert found == ([] if name in FITS[kind] else ["R234"])


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in FITS for name in VALUES])
def test_a_default_is_of_the_input_s_type(tmp_path: Path, kind: str, name: str) -> None:
    assert ("R132" in codes(tmp_path, {"type": kind, "default": VALUES[name]})) == (name not in FITS[kind])


@pytest.mark.parametrize(
    "declaration",
    [
        {"type": "int"},
        {"type": "Integer"},
        {"type": 3},
        {"type": None},
        {},
        {"type": "integer", "minimum": "1"},
        {"type": "integer", "maximum": [9]},
        {"type": "string", "enum": "a"},
        {"type": "string", "pattern": 7},
        {"type": "string", "description": ["words"]},
        {"type": "string", "colour": "red"},
        "string",
        ["string"],
        None,
    ],
)
def test_a_wrong_declaration_is_refused_by_the_schema_and_by_validate(tmp_path: Path, declaration: Any) -> None:
    validator = jsonschema.Draft202012Validator(schema_of("Module"))
    assert validator.is_valid(module({"type": "string"}))
    assert not validator.is_valid(module(declaration))
    assert set(codes(tmp_path, declaration, {"x": "a"})) & {"R106", "R107", "R108", "R109"}


@pytest.mark.parametrize(
    ("field", "value"),
    [("inputs", []), ("inputs", "x"), ("sources", []), ("sources", "pipeline.yaml"), ("sources", [1]), ("spec", None)],
)
def test_a_module_of_another_shape_is_refused_by_the_schema(field: str, value: Any) -> None:
    document = module({"type": "string"})
    (document if field == "spec" else document["spec"])[field] = value
    assert not jsonschema.Draft202012Validator(schema_of("Module")).is_valid(document)


@pytest.mark.parametrize("name", ["max_replicas", "maxReplicas", "cam-id", "A", "x1"])
def test_an_input_is_named_as_an_expression_names_it(tmp_path: Path, name: str) -> None:
    document = module({"type": "integer", "default": 1})
    document["spec"]["inputs"] = {name: document["spec"]["inputs"]["x"]}
    jsonschema.validate(document, schema_of("Module"))
    assert codes(tmp_path, {"type": "integer", "default": 1}, None, name) == []


@pytest.mark.parametrize("name", ["_x", "1x", "a b", "a.b", "x" * 64])
def test_other_names_of_inputs_are_refused(tmp_path: Path, name: str) -> None:
    assert codes(tmp_path, {"type": "integer", "default": 1}, None, name) == ["R111"]


@pytest.mark.parametrize(
    "declaration",
    [
        {"type": "integer", "minimum": 5, "maximum": 1},
        {"type": "string", "minimum": 5},
        {"type": "boolean", "maximum": 5},
        {"type": "integer", "pattern": "[0-9]+"},
        {"type": "integer", "enum": [1, "b"]},
        {"type": "string", "enum": []},
        {"type": "string", "default": None},
    ],
)
def test_a_declaration_that_no_value_fits_contradicts_itself(tmp_path: Path, declaration: dict[str, Any]) -> None:
    assert codes(tmp_path, declaration, {}) == ["R132"]
