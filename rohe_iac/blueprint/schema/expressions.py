"""Expressions in the JSON Schema: modules and values of stacks compute any scalar, so that it may be text before."""

from __future__ import annotations

from typing import Any

NAME = "Computed"

DEFINITION = {
    "type": "string",
    "pattern": r"\{\{-?\s*[^-\s.{}]",
    "description": "An expression of inputs of a module or values of a stack, computed before anything is checked.",
}
"""What an expression looks like wherever the value that it stands for is no text."""

_WHOLE = ("apiVersion", "kind", "metadata", "spec")
"""Fields that say what a document is before anything is computed, and those that have all others."""

_INNER = ("items", "additionalProperties")


def allow_expressions(schema: dict[str, Any]) -> None:
    """Lets every value in a schema of documents be an expression; keys, kinds and versions stay as they are."""
    for definition in schema.get("$defs", {}).values():
        _allow_inside(definition)
    _allow_inside(schema)
    schema.setdefault("$defs", {})[NAME] = DEFINITION


def _allow_inside(schema: Any) -> None:
    """Allows expressions in place of all that a schema has inside."""
    if isinstance(schema, list):
        for part in schema:
            _allow_inside(part)
    if not isinstance(schema, dict):
        return
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        # A part without a type is a condition, such as which fields are needed together.
        if "type" in part:
            _allow_inside(part)
    for name, part in schema.get("properties", {}).items():
        if name not in _WHOLE:
            schema["properties"][name] = _or_expression(part)
    if "if" in schema:
        _allow_unknown_condition(schema)
    for key in _INNER:
        if isinstance(schema.get(key), dict):
            schema[key] = _or_expression(schema[key])
    if "prefixItems" in schema:
        schema["prefixItems"] = [_or_expression(part) for part in schema["prefixItems"]]


def _allow_unknown_condition(schema: dict[str, Any]) -> None:
    """Demands neither of two alternatives where an expression decides between them, and allows one in either."""
    decided = schema["if"].get("properties", {})
    others = [{"properties": {name: {"$ref": f"#/$defs/{NAME}"}}, "required": [name]} for name in decided]
    for key in ("then", "else"):
        for name, part in schema.get(key, {}).get("properties", {}).items():
            schema[key]["properties"][name] = {"anyOf": [part, {"$ref": f"#/$defs/{NAME}"}]}
    if "else" in schema:
        schema["else"] = {"anyOf": [schema["else"], *others]}


def _or_expression(schema: dict[str, Any]) -> dict[str, Any]:
    """Returns a schema that an expression is valid by as well; its words stay outside, where editors look for them."""
    if schema.keys() & {"type", "anyOf", "oneOf"}:
        _allow_inside(schema)
    if _takes_any_text(schema):
        return schema
    words: dict[str, Any] = {
        key: schema[key] for key in ("description", "examples", "default", "title") if key in schema
    }
    bare = {key: value for key, value in schema.items() if key not in words}
    branches = bare["anyOf"] if set(bare) == {"anyOf"} else [bare]
    return {**words, "anyOf": [*branches, {"$ref": f"#/$defs/{NAME}"}]}


def _takes_any_text(schema: dict[str, Any]) -> bool:
    """Checks whether every text is valid by a schema, as far as it says so itself."""
    if not schema.keys() & {"type", "anyOf", "oneOf", "allOf", "$ref", "enum", "const", "not"}:
        return True
    if "anyOf" in schema:
        return any(map(_takes_any_text, schema["anyOf"]))
    return schema.get("type") == "string" and not schema.keys() & {"pattern", "enum", "const", "maxLength", "not"}
