"""The unit of the number that an objective compares: of a reported metric, a built-in one, or an expression tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rohe_iac.blueprint.language.amounts import Amount
from rohe_iac.blueprint.language.contract import Objective
from rohe_iac.blueprint.linked.offer import Offer, unit_of_metric

BUILT_IN = {"response_time": "s", "throughput": "rate", "availability": "ratio", "accuracy": "ratio"}
"""Metrics that the agent computes itself, with their units: from start and end of reports, from their number, and
from prediction and truth."""


QUOTIENT = "quotient"
"""The unit of one number over another: any share of either."""


KINDS: Mapping[str, tuple[str, ...]] = {
    "s": ("time", "number"),
    "ms": ("time", "number"),
    "ratio": ("ratio", "number"),
    "percent": ("ratio", "number"),
    QUOTIENT: ("ratio", "number"),
    "bytes": ("bytes", "number"),
    "rate": ("rate", "number"),
}
"""The kinds of amounts by unit that a threshold may be; any other unit takes numbers and shares."""


MAX_TREE_DEPTH = 32
"""The deepest chain of trees that refer to trees; a cycle of them is reported elsewhere."""


def unit_of(objective: Objective, metrics: Mapping[str, Any], offer: Offer) -> str:
    """Returns the unit of an objective's metric; "" where it is undeclared, or services of the scope disagree.

    Args:
        objective: The objective.
        metrics: Expression trees of the contract, by name.
        offer: The offer of the contract's pipeline.
    """
    if objective.metric in metrics:
        return _unit_of_tree(metrics[objective.metric], metrics, offer, MAX_TREE_DEPTH)
    if objective.metric in BUILT_IN:
        return "rate" if objective.aggregate == "rate" else BUILT_IN[objective.metric]
    fixed = {"count": "count", "rate": "rate", "ratio": "ratio"}.get(objective.aggregate)
    return fixed or _declared_unit(objective, offer)


def fits(amount: Amount, unit: str) -> bool:
    """Checks whether a threshold may be of that unit; 0 is of every unit, and everything fits an unknown unit."""
    return not unit or amount.value == 0 or amount.kind in KINDS.get(unit, ("number", "ratio"))


def in_unit(amount: Amount, unit: str) -> float:
    """Returns the threshold as a number of that unit: a bare number as it is, `300ms` as 300 of ms."""
    if amount.kind == "time" and unit == "ms":
        return amount.value * 1000
    return amount.value * 100 if amount.kind == "ratio" and unit == "percent" else amount.value


def _declared_unit(objective: Objective, offer: Offer) -> str:
    if objective.scope.service is None:
        return offer.units.get(objective.metric, "")
    service = offer.services.get(objective.scope.service)
    return unit_of_metric((service.reports.metrics or {}).get(objective.metric)) if service is not None else ""


def _unit_of_tree(tree: Any, metrics: Mapping[str, Any], offer: Offer, depth: int) -> str:
    if not isinstance(tree, dict) or len(tree) != 1 or depth == 0:
        return ""
    [(operation, operand)] = tree.items()
    if operation == "metric":
        return _unit_of_tree(metrics.get(operand), metrics, offer, depth - 1)
    if operation == "difference":
        return _unit_of_tree(operand[0], metrics, offer, depth - 1)
    if operation in ("count", "ratio"):
        return QUOTIENT if operation == "ratio" else "count"
    if operation == "variance":
        return ""
    return BUILT_IN.get(operand["of"]) or offer.units.get(operand["of"], "")
