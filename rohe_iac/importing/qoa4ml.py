"""Imports contracts of QoA4ML v0.3: constraints on metrics become objectives; clauses without one are not measurable.

Source: the data models of QoA4ML (https://github.com/rdsea/QoA4ML).
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import PurePath
from typing import Any

from rohe_iac.blueprint.linked.metric_units import BUILT_IN
from rohe_iac.importing.foreign.drafts import Drafts
from rohe_iac.importing.foreign.journal import Field, loose_spelling, path_text
from rohe_iac.importing.foreign.objectives import (
    DEFAULT_WINDOW,
    NOT_MEASURABLE,
    NOT_MEASURED,
    RATIOS,
    STAKEHOLDERS,
    Bound,
    Bounds,
    ObjectiveNames,
    Unjudgeable,
    as_milliseconds,
    as_percent,
    bounds_of,
    consumer_of,
    draft_contract,
    make_objective,
    operator_of,
    plain_number,
    ratio_bounds,
)

AGGREGATES = {
    "average": "mean",
    "avg": "mean",
    "mean": "mean",
    "min": "min",
    "max": "max",
    "sum": "sum",
    "count": "count",
    # true counts as 1 and false as 0: all are true where the minimum is 1, any is where the maximum is 1.
    "and": "min",
    "or": "max",
}


REASONS = {
    "stakeholders": STAKEHOLDERS,
    "resources": "what a service runs on and with is said by pipelines and inventories",
}


NAME_OF_OBJECTIVE = "an objective is named after the constraint that is nearest to it"

CONSTRAINT_OBJECTIVES = "each constraint is an objective of its own, and no number is made of several"


def is_qoa4ml(root: Field) -> bool:
    """Checks whether a document is a contract of QoA4ML v0.3."""
    quality = root.get("quality")
    if quality is None or not quality.is_mapping:
        return False
    return root.get("stakeholders", "resources") is not None or any(part.is_list for _, part in quality.entries())


def import_qoa4ml(root: Field, drafts: Drafts) -> None:
    """Adds one contract, named by its id, else by its file."""
    stem = PurePath(root.place.file).stem
    draft = draft_contract(drafts, root, root.get("contract_id", "id"), root.get("application_name"), stem)
    consumer = consumer_of(root)
    if consumer is not None:
        draft.spec["tenant"] = consumer.text
        consumer.map_to(f"ObservationContract/{draft.name}: tenant")
    reader = _ClauseReader(f"ObservationContract/{draft.name}")
    quality = root.get("quality")
    for category, clauses in quality.entries() if quality is not None else []:
        for clause in clauses.items() if clauses.is_list else [clauses]:
            reader.read(category, clause, None)
    draft.spec["objectives"] = reader.objectives
    if reader.objectives:
        root.note(f"QoA4ML contracts give no window: taken as {DEFAULT_WINDOW}")
    if reader.unmeasured:
        draft.annotations[NOT_MEASURED] = ", ".join(reader.unmeasured)
    root.drop_rest(REASONS)


class _ClauseReader:
    """Makes objectives of the clauses of one contract.

    Attributes:
        target: The contract as the journal names it.
        names: The names given to objectives.
        objectives: The objectives made so far.
        unmeasured: The clauses and metrics that nothing can measure or judge.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.names = ObjectiveNames()
        self.objectives: list[dict[str, Any]] = []
        self.unmeasured: list[str] = []

    def read(self, category: str, clause: Field, around: Field | None) -> None:
        """Makes objectives of a clause of a category, and of clauses within it.

        Args:
            category: The key of the clause under `quality`.
            clause: The clause.
            around: The name of the clause that this one is part of.
        """
        constraints = clause.get("constraint_list", "constraints")
        title = clause.get("name") or around
        if constraints is None:
            self._constraint(category, clause, title)
            return
        function = clause.get("aggregate_function", "aggregate")
        together = loose_spelling(function.text) if function is not None else "and"
        if together == "or" and len(constraints.as_list()) > 1:
            clause.drop("objectives have to be kept all, and here one of several would do; it stays UNKNOWN")
            self.unmeasured.append(title.text if title is not None and title.text else category)
            return
        for part in constraints.as_list():
            self.read(category, part, title)
        if function is not None and together in ("and", "or"):
            function.map_to(f"{self.target}: objectives, each of which has to be kept")
        clause.drop_rest({"name": NAME_OF_OBJECTIVE, "aggregatefunction": CONSTRAINT_OBJECTIVES})

    def _constraint(self, category: str, part: Field, title: Field | None) -> None:
        metric = part.get("metrics", "metric")
        metrics = [] if metric is None else metric.items() if metric.is_list else [metric]
        pairs = [(item, item if item.is_scalar else item.get("metric_name", "name")) for item in metrics]
        named = [(item, name) for item, name in pairs if name is not None and name.text]
        if not named:
            part.drop(NOT_MEASURABLE)
            self.unmeasured.append(_summary(part))
            return
        try:
            aggregate = _aggregate(part.get("aggregate_function", "aggregate"), self.target)
            conditions = _conditions(part.get("condition", "conditions") or part)
            has_built_in = any(name.text in BUILT_IN for _, name in named)
            if has_built_in and any(_is_negative(bounds) for _, bounds, _ in conditions):
                raise Unjudgeable("none of rohe's own metrics is below 0")
        except Unjudgeable as error:
            part.drop(f"{error}; it stays UNKNOWN")
            self.unmeasured += [name.text for _, name in named]
            return
        for item, name in named:
            for operator, bounds, fields in conditions:
                objective = self.names.give(title.text if title is not None else category, name.text)
                unit = item.get("unit") if item.is_mapping else None
                value = _with_unit(name, bounds, unit)
                self.objectives.append(
                    make_objective(objective, name.text, operator, value, DEFAULT_WINDOW, aggregate=aggregate)
                )
                for field in (name, *fields, unit):
                    if field is not None and field.path not in field.journal.dropped:
                        field.map_to(f"{self.target}: objectives.{objective}")
            item.drop_rest(
                {"records": "a contract holds no measurements", "description": "objectives have no description"}
            )
            if name.text not in BUILT_IN:
                name.note(f"'{name.text}' has to be reported by a service of the pipeline; until then it is UNKNOWN")
        part.drop_rest({})
        if title is not None:
            title.map_to(f"{self.target}: names of objectives")


def _is_negative(bounds: Bounds) -> bool:
    values = bounds if isinstance(bounds, list) else [bounds]
    return any(not isinstance(bound, str) and bound < 0 for bound in values)


def _aggregate(function: Field | None, target: str) -> str:
    """Returns the aggregate of the language that a function stands for; without a function it is the mean.

    Raises:
        Unjudgeable: The language has no such aggregate; any other in its place would judge something else.
    """
    if function is None:
        return "mean"
    aggregate = AGGREGATES.get(loose_spelling(function.text))
    if aggregate is None:
        raise Unjudgeable(f"'{function.text[:20]}' is not an aggregate of the language")
    function.map_to(f"{target}: aggregate")
    return aggregate


def _conditions(field: Field) -> list[tuple[str, Bounds, tuple[Field, ...]]]:
    """Returns the conditions, all of which have to hold: operator, bounds, and the fields that hold them.

    Raises:
        Unjudgeable: A condition has no operator of the language or no value.
    """
    together = field.get("and", "all", "allOf")
    if field.is_list or (together is not None and together.is_list):
        parts = (field if field.is_list else together or field).items()
        return [condition for part in parts for condition in _conditions(part)]
    sign, value = field.get("operator"), field.get("value", "threshold")
    operator = operator_of(sign) if sign is not None else None
    if sign is None or operator is None or value is None:
        found = f"'{sign.text[:20]}'" if sign is not None else "none"
        raise Unjudgeable(f"an operator of the language and a value are needed, found {found}")
    return [(operator, bounds_of(value, operator), (sign, value))]


def _summary(part: Field) -> str:
    """Returns the path of what a clause without a metric is about, such as `security.encryption.types`."""
    words = [str(step) for step in part.path if not isinstance(step, int) and step != "quality"]
    node = part
    while node.is_mapping and len(node.entries()) == 1:
        key, node = node.entries()[0]
        words.append(key)
    return ".".join(words) or path_text(part.path)


def _with_unit(name: Field, bounds: Bounds, unit: Field | None) -> Bounds:
    """Returns the bounds in the metric's own unit; only rohe's own metrics have units that are known.

    The bounds of a metric that services report stay as they are: QoA4ML clients report 99.5 for 99.5 %.
    """
    if name.text in RATIOS and (unit is None or not unit.text):
        return ratio_bounds(bounds, name)
    if isinstance(bounds, list):
        return [_bound_with_unit(name.text, bound, unit) for bound in bounds]
    return _bound_with_unit(name.text, bounds, unit)


def _bound_with_unit(metric: str, bound: Bound, unit: Field | None) -> Bound:
    if isinstance(bound, str) or metric not in BUILT_IN:
        return bound
    word = unit.text.lower() if unit is not None else ""
    number = Fraction(str(bound))
    if metric in RATIOS:
        return as_percent(number) if word in ("%", "percent", "percentage") else bound
    if metric == "throughput":
        return f"{plain_number(number * _PER_SECOND.get(loose_spelling(word), 1))}/s"
    if unit is not None and word not in _MILLISECONDS:
        unit.drop("not a unit of time; seconds are taken")
    return as_milliseconds(number * _MILLISECONDS.get(word, 1000))


_MILLISECONDS = {
    **dict.fromkeys(("ns", "nanoseconds"), Fraction(1, 10**6)),
    **dict.fromkeys(("us", "\u00b5s", "microseconds"), Fraction(1, 1000)),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), Fraction(1)),
    **dict.fromkeys(("s", "sec", "second", "seconds"), Fraction(1000)),
    **dict.fromkeys(("m", "min", "minute", "minutes"), Fraction(60_000)),
    **dict.fromkeys(("h", "hour", "hours"), Fraction(3_600_000)),
}
"""Milliseconds in each unit of time."""


_PER_SECOND = {
    loose_spelling(f"{noun}{sign}{unit}"): Fraction(1, seconds)
    for noun in ("", "request", "requests", "req", "r")
    for sign in ("/", " per ", "p")
    for unit, seconds in (("m", 60), ("min", 60), ("minute", 60), ("h", 3600), ("hour", 3600))
}
"""Requests a second in each unit of a rate, by loose spelling; any other unit counts as requests a second."""
