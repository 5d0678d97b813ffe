"""Contracts of QoA4ML v0.3: constraints on metrics become objectives; clauses without a metric cannot be measured.

Source: the data models of QoA4ML (https://github.com/rdsea/QoA4ML).
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import PurePath
from typing import Any

from rohe_iac.blueprint.linked.metric_units import BUILT_IN
from rohe_iac.importing.foreign.drafts import Gathering
from rohe_iac.importing.foreign.journal import Field, plain, shown_path
from rohe_iac.importing.foreign.objectives import (
    DEFAULT_WINDOW,
    NOT_MEASURABLE,
    NOT_MEASURED,
    RATIOS,
    STAKEHOLDERS,
    ObjectiveNames,
    Unjudgeable,
    bounds_of,
    consumer_of,
    draft_contract,
    milliseconds,
    objective,
    operator_of,
    percent,
    ratio_bounds,
    threshold,
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


REASONS = {
    "stakeholders": STAKEHOLDERS,
    "resources": "what a service runs on and with is said by pipelines and inventories",
}


NAMES = "an objective is named after the constraint that is nearest to it"


SEVERAL = "each constraint is an objective of its own, and no number is made of several"


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
    consumer = consumer_of(root)
    if consumer is not None:
        draft.spec["tenant"] = consumer.text
        consumer.to(f"ObservationContract/{draft.name}: tenant")
    reader = _Reader(f"ObservationContract/{draft.name}")
    quality = root.get("quality")
    for category, clauses in quality.entries() if quality is not None else []:
        for clause in clauses.items() if clauses.is_list else [clauses]:
            reader.clause(category, clause, None)
    draft.spec["objectives"] = reader.objectives
    if reader.objectives:
        root.note(f"QoA4ML contracts give no window: taken as {DEFAULT_WINDOW}")
    if reader.unmeasured:
        draft.annotations[NOT_MEASURED] = ", ".join(reader.unmeasured)
    root.rest(REASONS)


class _Reader:
    """Reads the clauses of one contract."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.names = ObjectiveNames()
        self.objectives: list[dict[str, Any]] = []
        self.unmeasured: list[str] = []

    def clause(self, category: str, clause: Field, around: Field | None) -> None:
        """One clause of a category, or one within another; around: the name of the one around it."""
        constraints = clause.get("constraint_list", "constraints")
        title = clause.get("name") or around
        if constraints is None:
            self._constraint(category, clause, title)
            return
        function = clause.get("aggregate_function", "aggregate")
        together = plain(function.text) if function is not None else "and"
        if together == "or" and len(constraints.listed()) > 1:
            clause.drop("objectives have to be kept all, and here one of several would do; it stays UNKNOWN")
            self.unmeasured.append(title.text if title is not None and title.text else category)
            return
        for part in constraints.listed():
            self.clause(category, part, title)
        if function is not None and together in ("and", "or"):
            function.to(f"{self.target}: objectives, each of which has to be kept")
        clause.rest({"name": NAMES, "aggregatefunction": SEVERAL})

    def _constraint(self, category: str, part: Field, title: Field | None) -> None:
        metric = part.get("metrics", "metric")
        metrics = [] if metric is None else metric.items() if metric.is_list else [metric]
        pairs = [(one, one if one.is_scalar else one.get("metric_name", "name")) for one in metrics]
        named = [(one, name) for one, name in pairs if name is not None and name.text]
        if not named:
            part.drop(NOT_MEASURABLE)
            self.unmeasured.append(_summary(part))
            return
        try:
            aggregate = _aggregate(part.get("aggregate_function", "aggregate"), self.target)
            conditions = _conditions(part.get("condition", "conditions") or part)
            ours = any(name.text in BUILT_IN for _, name in named)
            if ours and any(_negative(bounds) for _, bounds, _ in conditions):
                raise Unjudgeable("none of rohe's own metrics is below 0")
        except Unjudgeable as error:
            part.drop(f"{error}; it stays UNKNOWN")
            self.unmeasured += [name.text for _, name in named]
            return
        for one, name in named:
            for operator, bounds, fields in conditions:
                shown = self.names.give(title.text if title is not None else category, name.text)
                unit = one.get("unit") if one.is_mapping else None
                value = _with_unit(name, bounds, unit)
                made = objective(shown, name.text, operator, value, DEFAULT_WINDOW, aggregate=aggregate)
                self.objectives.append(made)
                for field in (name, *fields, unit):
                    if field is not None and field.path not in field.journal.dropped:
                        field.to(f"{self.target}: objectives.{shown}")
            one.rest({"records": "a contract holds no measurements", "description": "objectives have no description"})
            if name.text not in BUILT_IN:
                name.note(f"'{name.text}' has to be reported by a service of the pipeline; until then it is UNKNOWN")
        part.rest({})
        if title is not None:
            title.to(f"{self.target}: names of objectives")


def _negative(bounds: Any) -> bool:
    given = bounds if isinstance(bounds, list) else [bounds]
    return any(not isinstance(bound, str) and bound < 0 for bound in given)


def _aggregate(function: Field | None, target: str) -> str:
    """Errors: Unjudgeable, since another aggregate in its place would judge something else."""
    if function is None:
        return "mean"
    aggregate = AGGREGATES.get(plain(function.text))
    if aggregate is None:
        raise Unjudgeable(f"'{function.text[:20]}' is not an aggregate of the language")
    function.to(f"{target}: aggregate")
    return aggregate


def _conditions(field: Field) -> list[tuple[str, Any, tuple[Field, ...]]]:
    """(operator, threshold, what says so) of each condition, all of which have to hold. Errors: Unjudgeable."""
    together = field.get("and", "all", "allOf")
    if field.is_list or (together is not None and together.is_list):
        return [
            found for item in (field if field.is_list else together or field).items() for found in _conditions(item)
        ]
    sign, value = field.get("operator"), field.get("value", "threshold")
    operator = operator_of(sign) if sign is not None else None
    if sign is None or operator is None or value is None:
        said = f"'{sign.text[:20]}'" if sign is not None else "none"
        raise Unjudgeable(f"an operator of the language and a value are needed, found {said}")
    return [(operator, bounds_of(value, operator), (sign, value))]


def _summary(part: Field) -> str:
    """What a clause without a metric is about, in few words: `security.encryption.types`."""
    words = [str(step) for step in part.path if not isinstance(step, int) and step != "quality"]
    node = part
    while node.is_mapping and len(node.entries()) == 1:
        key, node = node.entries()[0]
        words.append(key)
    return ".".join(words) or shown_path(part.path)


def _with_unit(name: Field, bounds: Any, unit: Field | None) -> Any:
    """The threshold in the metric's own unit; only rohe's own metrics have units that are known.

    A metric that services report is compared as they report it: QoA4ML clients report 99.5 for 99.5 %.
    """
    metric, word = name.text, unit.text.lower() if unit is not None else ""
    if metric in RATIOS and not word:
        return ratio_bounds(bounds, name)
    if isinstance(bounds, list):
        return [_with_unit(name, bound, unit) for bound in bounds]
    if isinstance(bounds, str) or metric not in BUILT_IN:
        return bounds
    number = Fraction(str(bounds))
    if metric in RATIOS:
        return percent(number) if word in ("%", "percent", "percentage") else bounds
    if metric == "throughput":
        return f"{threshold(number * _PER_SECOND.get(plain(word), 1))}/s"
    if unit is not None and word not in _MILLISECONDS:
        unit.drop("not a unit of time; seconds are taken")
    return milliseconds(number * _MILLISECONDS.get(word, 1000))


_MILLISECONDS = {
    **dict.fromkeys(("ns", "nanoseconds"), Fraction(1, 10**6)),
    **dict.fromkeys(("us", "\u00b5s", "microseconds"), Fraction(1, 1000)),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), Fraction(1)),
    **dict.fromkeys(("s", "sec", "second", "seconds"), Fraction(1000)),
    **dict.fromkeys(("m", "min", "minute", "minutes"), Fraction(60_000)),
    **dict.fromkeys(("h", "hour", "hours"), Fraction(3_600_000)),
}
"""By the unit of a time."""


_PER_SECOND = {
    plain(f"{noun}{sign}{unit}"): Fraction(1, seconds)
    for noun in ("", "request", "requests", "req", "r")
    for sign in ("/", " per ", "p")
    for unit, seconds in (("m", 60), ("min", 60), ("minute", 60), ("h", 3600), ("hour", 3600))
}
"""By the unit of a rate; any other is a second's."""
