"""Contracts of QoA4ML v0.3: constraints on metrics become objectives; clauses without a metric cannot be measured.

Source: the data models of QoA4ML (https://github.com/rdsea/QoA4ML).
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import PurePath
from typing import Any

from rohe_iac.blueprint.contract_checks import BUILT_IN
from rohe_iac.blueprint.importing.contracts import bounds_of
from rohe_iac.blueprint.importing.gathering import Gathering
from rohe_iac.blueprint.importing.journal import Field, plain, shown_path
from rohe_iac.blueprint.importing.promises import (
    DEFAULT_WINDOW,
    NOT_MEASURABLE,
    NOT_MEASURED,
    ObjectiveNames,
    draft_contract,
    objective,
    operator_of,
    percent,
)

AGGREGATES = {
    "average": "mean",
    "avg": "mean",
    "mean": "mean",
    "min": "min",
    "max": "max",
    "sum": "sum",
    "count": "count",
    # true counts as 1 and false as 0, so all are true where the least is 1, and any where the largest is.
    "and": "min",
    "or": "max",
}
RATIOS = ("accuracy", "availability")
"""Metrics of rohe's own that are ratios."""
REASONS = {
    "stakeholders": "who provides and who consumes is not part of a contract here",
    "resources": "what a service runs on and with is said by pipelines and inventories",
}


def is_qoa4ml(root: Field) -> bool:
    """Whether a document is a contract of QoA4ML v0.3."""
    quality = root.get("quality")
    if quality is None or not quality.is_mapping:
        return False
    return root.get("stakeholders", "resources") is not None or any(part.is_list for _, part in quality.entries())


def take_qoa4ml(root: Field, into: Gathering) -> None:
    """Adds one contract, named by its id, else after its file."""
    stem = PurePath(root.place.file).stem
    draft = draft_contract(into, root, root.get("contract_id", "id"), root.get("application_name"), stem)
    reader = _Reader(f"ObservationContract/{draft.name}")
    quality = root.get("quality")
    for category, clauses in quality.entries() if quality is not None else []:
        for clause in clauses.items() if clauses.is_list else [clauses]:
            reader.clause(category, clause)
    draft.spec["objectives"] = reader.objectives
    if reader.objectives:
        root.note(f"QoA4ML contracts give no window: taken as {DEFAULT_WINDOW}")
    if reader.unmeasured:
        draft.annotations[NOT_MEASURED] = ", ".join(reader.unmeasured)
    consumer = _consumer(root)
    if consumer is not None:
        draft.spec["tenant"] = consumer.text
        consumer.to(f"ObservationContract/{draft.name}: tenant")
    root.rest(REASONS)


def _consumer(root: Field) -> Field | None:
    stakeholders = root.get("stakeholders")
    for item in stakeholders.items() if stakeholders is not None else []:
        roles = item.get("roles")
        if roles is not None and any("consumer" in part.text.lower() for part in roles.items()):
            return item.get("id", "name")
    return None


class _Reader:
    """Reads the clauses of one contract."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.names = ObjectiveNames()
        self.objectives: list[dict[str, Any]] = []
        self.unmeasured: list[str] = []

    def clause(self, category: str, clause: Field) -> None:
        """One clause of a category."""
        constraints = clause.get("constraint_list", "constraints")
        title = clause.get("name")
        parts = constraints.items() if constraints is not None else [clause]
        for part in parts:
            self._constraint(category, part, title)

    def _constraint(self, category: str, part: Field, title: Field | None) -> None:
        metric = part.get("metrics", "metric")
        if metric is not None and metric.is_list:
            metric = metric.items()[0] if metric.items() else None
        named = metric if metric is None or metric.is_scalar else metric.get("metric_name", "name")
        if named is None or not named.text:
            part.drop(NOT_MEASURABLE)
            self.unmeasured.append(_summary(part))
            return
        condition = part.get("condition") or part
        sign, value = condition.get("operator"), condition.get("value", "threshold")
        operator = operator_of(sign) if sign is not None else None
        if sign is None or operator is None or value is None:
            said = f"'{sign.text[:20]}'" if sign is not None else "none"
            part.drop(f"an operator of the language and a value are needed, found {said}; it stays UNKNOWN")
            self.unmeasured.append(named.text)
            return
        bounds = bounds_of(value, operator)
        if bounds is None:
            return
        function = part.get("aggregate_function", "aggregate")
        aggregate = AGGREGATES.get(plain(function.text)) if function is not None else "mean"
        if aggregate is None and function is not None:
            function.drop("not an aggregate of the language; the mean is taken")
        elif function is not None:
            function.to(f"{self.target}: aggregate")
        unit = metric.get("unit") if metric is not None and metric.is_mapping else None
        shown = _with_unit(named.text, bounds, unit)
        name = self.names.give(title.text if title is not None else category, named.text)
        made = objective(name, named.text, operator, shown, DEFAULT_WINDOW, aggregate=aggregate or "mean")
        self.objectives.append(made)
        for field in (named, sign, value, unit):
            if field is not None:
                field.to(f"{self.target}: objectives.{name}")
        if metric is not None and metric.is_mapping:
            metric.rest(
                {"records": "a contract holds no measurements", "description": "objectives have no description"}
            )
        if named.text not in BUILT_IN:
            named.note(f"'{named.text}' has to be reported by a service of the pipeline; until then it is UNKNOWN")
        part.rest({})
        if title is not None:
            title.to(f"{self.target}: names of objectives")


def _summary(part: Field) -> str:
    """What a clause without a metric is about, in few words: `security.encryption.types`."""
    words = [str(step) for step in part.path if not isinstance(step, int) and step != "quality"]
    node = part
    while node.is_mapping and len(node.entries()) == 1:
        key, node = node.entries()[0]
        words.append(key)
    return ".".join(words) or shown_path(part.path)


def _with_unit(metric: str, bounds: Any, unit: Field | None) -> Any:
    """The threshold in the metric's own unit; only rohe's own metrics have units that are known.

    A metric that services report is compared as they report it: QoA4ML clients report 99.5 for 99.5 %.
    """
    word = unit.text if unit is not None else ""
    if isinstance(bounds, list):
        return [_with_unit(metric, bound, unit) for bound in bounds]
    if isinstance(bounds, str):
        return bounds
    if metric == "response_time" and word in ("s", "ms", "us", "sec", "seconds"):
        scale = {"ms": Fraction(1), "us": Fraction(1, 1000)}.get(word, Fraction(1000))
        return f"{float(Fraction(str(bounds)) * scale):.15g}ms"
    if metric in RATIOS and word in ("%", "percent"):
        return percent(Fraction(str(bounds)))
    return bounds
