"""The text of values in messages."""

from __future__ import annotations


def yaml_scalar(value: object) -> str:
    """Returns a scalar as YAML has it: `true` and `false` for booleans."""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def describe_value(value: object) -> str:
    """Returns the words for a value: scalars themselves, containers by their type."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return yaml_scalar(value)
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"'{value[:40]}'"
    return "a mapping" if isinstance(value, dict) else "a list"
