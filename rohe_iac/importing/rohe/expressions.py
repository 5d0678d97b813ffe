"""Translates the original's consumer-defined metrics (CDM) into expression trees of the language."""

from __future__ import annotations

import re
from typing import Any

from rohe_iac.blueprint.findings.references import find_cycle
from rohe_iac.blueprint.language.metric_expression import names_in
from rohe_iac.foundation.quantities import LARGEST
from rohe_iac.importing.foreign.journal import Field, loose_spelling
from rohe_iac.importing.foreign.objectives import plain_number
from rohe_iac.importing.foreign.reading import Scalar
from rohe_iac.importing.foreign.units import number_of

AGGREGATIONS = {
    "sum": "sum",
    "avg": "mean",
    "average": "mean",
    "mean": "mean",
    "min": "min",
    "max": "max",
    "percentile": "percentile",
    "variance": "variance",
    "var": "variance",
}


_COMPARISON = re.compile(r"(<=|>=|==|!=|<|>)\s*([-+]?\d+(?:\.\d+)?)")


class Inexpressible(Exception):
    """Raised for a tree that the language cannot express; the message says why."""


def expression_of(field: Field, names: dict[str, str]) -> dict[str, Any]:
    """Returns the expression tree of a field.

    Args:
        field: The tree in the file.
        names: The new names of metrics that the contract defines, by their names in the file.

    Raises:
        Inexpressible: The language has no such tree.
    """
    if field.is_scalar:
        return {"metric": names.get(field.text, field.text)}
    kind_field = field.get("type", "op", "operation")
    kind = loose_spelling(kind_field.text) if kind_field is not None else ""
    if kind == "count":
        where = _conditions(field)
        return {"count": {"where": where} if where else {}}
    if kind in ("ratio", "difference", "subtract"):
        parts = _operands(field)
        if len(parts) != 2:
            raise Inexpressible(f"'{kind}' needs two operands, found {len(parts)}")
        word = "ratio" if kind == "ratio" else "difference"
        return {word: [expression_of(part, names) for part in parts]}
    if kind in ("cdmref", "metric", "ref"):
        name = field.get("cdm_ref", "metric", "name", "ref")
        if name is None or not name.text:
            raise Inexpressible("a reference without the metric's name")
        return {"metric": names.get(name.text, name.text)}
    if kind in AGGREGATIONS:
        return {AGGREGATIONS[kind]: _aggregation(field, AGGREGATIONS[kind])}
    if kind in ("field", "absdifference"):
        raise Inexpressible(f"'{kind_field.text if kind_field else kind}' has no number of its own")
    raise Inexpressible(f"'{kind_field.text[:40] if kind_field else 'nothing'}' is no operation of the language")


def resolve_references(trees: dict[str, Any]) -> tuple[dict[str, Any], list[str], list[str]]:
    """Returns the trees with references resolved, the metrics that refer to themselves, and metrics to be reported.

    Metrics that refer to themselves, also through others, are left out. A reference to a metric that the contract does
    not define becomes the mean of a reported metric.
    """
    kept = dict(trees)
    circular: list[str] = []
    while circle := find_cycle(_references(kept)):
        circular.append(circle[0])
        del kept[circle[0]]
    reported = sorted({used for _, used in _references(kept) if used not in kept})
    return {name: _with_reported(tree, kept) for name, tree in kept.items()}, circular, reported


def _references(trees: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, used) for name, tree in trees.items() for _, role, used in names_in(tree) if role == "metric"]


def _with_reported(tree: dict[str, Any], defined: dict[str, Any]) -> dict[str, Any]:
    ((operation, operand),) = tree.items()
    if operation == "metric" and operand not in defined:
        return {"mean": {"of": operand}}
    if operation in ("ratio", "difference"):
        return {operation: [_with_reported(part, defined) for part in operand]}
    return tree


def _operands(field: Field) -> list[Field]:
    operands = field.get("operands", "args")
    return operands.items() if operands is not None and operands.is_list else []


def _aggregation(field: Field, kind: str) -> dict[str, Any]:
    operands = _operands(field)
    if len(operands) > 1:
        raise Inexpressible(f"'{kind}' is of one field, found {len(operands)} operands")
    source = operands[0] if operands else field
    aggregation: dict[str, Any] = {"of": _reported_metric(source)}
    where = _conditions(field) | (_conditions(source) if operands else {})
    if where:
        aggregation["where"] = where
    if kind == "percentile":
        percentile = field.get("percentile_value", "p", "percentile")
        number = number_of(percentile) if percentile is not None else None
        if number is None or not 0 < number < 100:
            raise Inexpressible("a percentile needs percentile_value above 0 and below 100")
        aggregation["p"] = plain_number(number)
    groups = source.get("group_by", "by") or field.get("group_by", "by")
    if groups is not None:
        if kind != "variance":
            raise Inexpressible(f"only a variance is taken by groups, not '{kind}'")
        aggregation["by"] = groups.text
    return aggregation


def _reported_metric(source: Field) -> str:
    """Returns the name of the reported metric that is aggregated."""
    if source.is_scalar:
        return source.text
    kind = source.get("type")
    fields = source.get("fields")
    if kind is not None and loose_spelling(kind.text) == "absdifference" and fields is not None:
        names = [part.text for _, part in fields.entries()] or [part.text for part in fields.items()]
        metric = "_".join(["abs_difference", *names])
        source.note(
            f"rohe does not subtract two fields of one report: let the service report |{' - '.join(names)}| as "
            f"'{metric}'; until then the metric is UNKNOWN"
        )
        return metric
    name = source.get("field", "metric", "of")
    if name is None or not name.text:
        raise Inexpressible("no field is named that the aggregate is of")
    return name.text


def _conditions(field: Field) -> dict[str, Any]:
    filters = field.get("filters", "filter", "where")
    if filters is None:
        return {}
    return {key: _condition(part) for key, part in filters.entries()}


def _condition(part: Field) -> Scalar | dict[str, int | float]:
    if part.is_list and len(part.items()) == 1:
        return _literal(part.items()[0])
    if part.is_list:
        raise Inexpressible("a filter is one value, and this is a list of several")
    if part.is_mapping:
        raise Inexpressible("a filter is a value or a comparison")
    match = _COMPARISON.fullmatch(part.text)
    if match is not None:
        return {match[1]: float(match[2]) if "." in match[2] else int(match[2])}
    return _literal(part)


def _literal(part: Field) -> Scalar:
    """Returns a scalar to compare with; the texts true and false become booleans, as reports have them."""
    if part.text.lower() in ("true", "false"):
        return part.text.lower() == "true"
    is_number = isinstance(part.value, int | float)
    if not part.is_scalar or (is_number and not abs(float(part.value or 0)) <= LARGEST):
        raise Inexpressible("a filter is a text, a number, true or false")
    return part.value
