"""The language as a JSON Schema and as a page, both generated from the models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from rohe_iac.blueprint.checks.stack import STRATEGIES
from rohe_iac.blueprint.hints.nearest import did_you_mean
from rohe_iac.blueprint.language.contract import ActionName
from rohe_iac.blueprint.language.fields import unwrap_annotation
from rohe_iac.blueprint.language.kinds import KINDS
from rohe_iac.blueprint.language.stack import PlannerSettings
from rohe_iac.blueprint.schema.descriptions import describe_field
from rohe_iac.blueprint.schema.expressions import allow_expressions
from rohe_iac.foundation.errors import UsageError

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(kind: str) -> dict[str, Any]:
    """Returns the JSON Schema (draft 2020-12) of one kind of document, with descriptions and examples.

    Raises:
        UsageError: The kind is unknown.
    """
    found = {name.lower(): name for name in KINDS}.get(kind.lower())
    if found is None:
        raise UsageError(f"there is no kind '{kind}'", hint=did_you_mean(kind, KINDS))
    model = KINDS[found]
    schema = model.model_json_schema(by_alias=True, mode="validation")
    named = {part.__name__: part for part in models_in(model)}
    for name, definition in schema.get("$defs", {}).items():
        if name in named:
            _add_descriptions(definition, named[name])
    _add_descriptions(schema, model)
    _forbid_other_keys(schema)
    if found != "Module":
        allow_expressions(schema)
    schema["required"] = sorted({*schema.get("required", ()), "apiVersion", "kind"})
    return {"$schema": DIALECT, "title": found, **{key: value for key, value in schema.items() if key != "title"}}


def _forbid_other_keys(schema: Any) -> None:
    """Makes a mapping whose keys have a pattern refuse other keys rather than let them through."""
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        _forbid_other_keys(part)
    if isinstance(schema, dict) and len(schema.get("patternProperties", ())) == 1:
        [(pattern, value)] = schema.pop("patternProperties").items()
        schema |= {"additionalProperties": value, "propertyNames": {"pattern": pattern}}


def _add_descriptions(definition: dict[str, Any], model: type[BaseModel]) -> None:
    import yaml

    for field, value in definition.get("properties", {}).items():
        description, example = describe_field(model, field)
        value["description"] = description
        if field not in ("kind", "apiVersion", "spec"):
            value["examples"] = [yaml.load(example, yaml.BaseLoader) if "00Z" in example else yaml.safe_load(example)]
        value.pop("title", None)
        if model.__name__ == "Objective" and field == "onViolation":
            value.setdefault("anyOf", []).append({"enum": list(get_args(ActionName))})
        if model is PlannerSettings and field == "strategy":
            # Editors offer these names; the name of a user's own strategy is text too.
            value["anyOf"] = [{"enum": list(STRATEGIES)}, {"type": value.pop("type")}]


def models_in(model: type[BaseModel]) -> list[type[BaseModel]]:
    """Returns the model and every model in it, each once, in the order in which fields name them."""
    met: list[type[BaseModel]] = []

    def visit(part: type[BaseModel]) -> None:
        if part in met:
            return
        met.append(part)
        for field in part.model_fields.values():
            for inner in _models_in_annotation(field.annotation):
                visit(inner)

    visit(model)
    return met


def _models_in_annotation(annotation: Any) -> Iterator[type[BaseModel]]:
    for leaf in unwrap_annotation(annotation):
        if isinstance(leaf, type) and issubclass(leaf, BaseModel):
            yield leaf
        for part in get_args(leaf):
            yield from _models_in_annotation(part)


def page() -> str:
    """Returns the generated part of docs/blueprints.md: every kind, every part, every field."""
    lines: list[str] = []
    described: set[type[BaseModel]] = set()
    for kind, model in KINDS.items():
        lines += [f"## {kind}", "", _docstring_of(model), ""]
        for part in models_in(model)[1:]:
            if part in described:
                continue
            described.add(part)
            if part.model_fields:
                lines += [f"### {part.__name__}", "", _docstring_of(part), "", *_field_table(part), ""]
    return "\n".join(lines)


def _docstring_of(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def _field_table(model: type[BaseModel]) -> list[str]:
    rows = ["| field | | meaning | example |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        written = field.alias or name
        description, example = describe_field(model, written)
        needed = "required" if field.is_required() else ""
        cells = (f"`{written}`", needed, description.replace("|", "\\|"), f"`{example}`".replace("|", "\\|"))
        rows.append(f"| {' | '.join(cells)} |".replace("|  |", "| |"))
    return rows
