"""Imports contracts of QoA4ML: constraints on metrics become objectives; clauses without one are not measurable.

Two forms are read: constraint lists (v0.3), and clauses that are keyed by the attribute, such as
`{"ResponseTime": {"operators": "max", "unit": "s", "value": 0.05}}`.

Source: the data models of QoA4ML (https://github.com/rdsea/QoA4ML).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from rohe_iac.blueprint.language.amounts import amount_of
from rohe_iac.blueprint.linked.metric_units import BUILT_IN
from rohe_iac.importing.foreign.drafts import Drafts
from rohe_iac.importing.foreign.journal import Field, loose_spelling, path_text
from rohe_iac.importing.foreign.objectives import (
    DEFAULT_WINDOW,
    NOT_MEASURABLE,
    NOT_MEASURED,
    RATIOS,
    STAKEHOLDERS,
    Bounds,
    ObjectiveNames,
    Unjudgeable,
    bounds_of,
    consumer_of,
    draft_contract,
    make_objective,
    operator_of,
)
from rohe_iac.importing.qoa4ml_units import PERCENT, with_unit

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


BESIDE_QUALITY = ("fairness", "privacy", "security", "interpretability", "cost")
"""Categories of clauses that stand beside `quality` where clauses are keyed by the attribute."""

ABOUT_ATTRIBUTE = {
    "machinetypes": "an objective is about all devices; of one alone it is with scope: {device: NODE}",
    **dict.fromkeys(("attributenames", "class", "resourcetype"), "it says what the attribute is, and promises nothing"),
    "id": "an objective is named by its attribute",
}

NAME_OF_OBJECTIVE = "an objective is named after the constraint that is nearest to it"

CONSTRAINT_OBJECTIVES = "each constraint is an objective of its own, and no number is made of several"


def is_qoa4ml(root: Field) -> bool:
    """Checks whether a document is a contract of QoA4ML."""
    quality = root.get("quality")
    if quality is None or not quality.is_mapping:
        return False
    return root.get("stakeholders", "resources") is not None or any(
        part.is_list or _holds_attributes(part) for _, part in quality.entries()
    )


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
    beside = [(name, part) for name in BESIDE_QUALITY if (part := root.get(name)) is not None]
    for category, clauses in [*(quality.entries() if quality is not None else []), *beside]:
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
            if clause.get("metrics", "metric") is None and _holds_attributes(clause, _states_limit):
                self._add_attributes(category, clause)
            else:
                self._add_constraint(category, clause, title)
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

    def _add_attributes(self, category: str, clause: Field) -> None:
        """Makes objectives of a mapping by attribute; groups of attributes, such as one a service, are read too."""
        for key, part in clause.entries():
            for each in part.items() if part.is_list else [part]:
                if _is_attribute(each) or _states_limit(each):
                    self._add_attribute(category, key, each)
                elif each.is_mapping:
                    self.read(category if _holds_attributes(each, _states_limit) else key, each, None)
        clause.drop_rest({"id": "a contract names no single service", "name": "a contract names no single service"})

    def _add_attribute(self, category: str, key: str, part: Field) -> None:
        """Makes the objective of one attribute: `max` is an upper limit, `min` a lower limit, both are `between`."""
        metric = _metric_of_attribute(category, key)
        unit = part.get("unit", "units")
        try:
            operator, bounds, fields = _limits(part)
            if metric in BUILT_IN and _is_negative(bounds):
                raise Unjudgeable("none of rohe's own metrics is below 0")
            value = with_unit(part, metric, bounds, unit)
            if _is_always_kept(metric, operator, value, unit):
                part.drop("every value of the metric keeps this limit, so it would judge nothing")
                return
        except Unjudgeable as error:
            part.drop(f"{error}; it stays UNKNOWN")
            self.unmeasured.append(key)
            return
        objective = self.names.give(metric)
        self.objectives.append(make_objective(objective, metric, operator, value, DEFAULT_WINDOW))
        for field in (*fields, unit):
            if field is not None and field.path not in field.journal.dropped:
                field.map_to(f"{self.target}: objectives.{objective}")
        if metric not in BUILT_IN:
            part.note(f"'{metric}' has to be reported by a service of the pipeline; until then it is UNKNOWN")
        part.drop_rest(ABOUT_ATTRIBUTE)

    def _add_constraint(self, category: str, part: Field, title: Field | None) -> None:
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
                unit = item.get("unit") if item.is_mapping else None
                value = with_unit(name, name.text, bounds, unit)
                if _is_always_kept(name.text, operator, value, unit):
                    part.drop("every value of the metric keeps this limit, so it would judge nothing")
                    continue
                objective = self.names.give(title.text if title is not None else category, name.text)
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


_WORDS_OF_LIMITS = {"operators", "operator", "unit", "units", "value", "values", "threshold", *ABOUT_ATTRIBUTE}
"""Fields of the limit of an attribute, in loose spelling."""


_LIMITS = {"max": "<=", "maximum": "<=", "min": ">=", "minimum": ">="}
"""Operators of the language by the words of attributes, in loose spelling."""


def _is_attribute(part: Field) -> bool:
    """Checks whether a mapping says the limit of the attribute that is its key."""
    return (
        part.is_mapping
        and part.get("metrics", "metric", "condition", "conditions") is None
        and part.get("operators", "operator") is not None
        and part.get("value", "values", "threshold") is not None
    )


def _states_limit(part: Field) -> bool:
    """Checks whether a mapping is meant as the limit of an attribute, though it may lack its operator or its value."""
    words = {loose_spelling(key) for key, _ in part.entries()}
    return words <= _WORDS_OF_LIMITS and bool(words & {"operators", "operator", "value", "values", "threshold"})


def _holds_attributes(part: Field, is_one: Callable[[Field], bool] | None = None) -> bool:
    """Checks whether limits of attributes are anywhere within, not counting constraint lists."""
    is_one = is_one or _is_attribute
    if part.is_list:
        return any(is_one(item) or _holds_attributes(item, is_one) for item in part.items())
    if not part.is_mapping or part.get("constraint_list", "constraints", "metrics", "metric") is not None:
        return False
    return any(is_one(child) or _holds_attributes(child, is_one) for _, child in part.entries())


def _metric_of_attribute(category: str, key: str) -> str:
    """Returns one of rohe's own metrics where the attribute is one, else the key.

    The accuracy of data is not the accuracy of predictions: it is `data_accuracy`, as in QoA4ML v0.3.
    """
    own = {loose_spelling(name): name for name in BUILT_IN}.get(loose_spelling(key), key)
    return "data_accuracy" if own == "accuracy" and loose_spelling(category) == "data" else own


def _limits(part: Field) -> tuple[str, Bounds, tuple[Field, ...]]:
    """Returns operator, bounds and their fields of an attribute.

    Raises:
        Unjudgeable: The attribute has no operator of the language or no value for it.
    """
    signs, value = part.get("operators", "operator"), part.get("value", "values", "threshold")
    if signs is None or value is None:
        missing = [word for word, field in (("operator", signs), ("value", value)) if field is None]
        raise Unjudgeable(f"the limit has no {' and no '.join(missing)} to judge by")
    words = [loose_spelling(sign.text) for sign in signs.as_list()]
    found = {_LIMITS.get(word) or operator_of(sign) for word, sign in zip(words, signs.as_list(), strict=True)}
    if found == {"<=", ">="} or words in (["both"], ["minmax"], ["min,max"]):
        ends = value.items()
        if len(ends) == 2 and words[0].startswith("max"):
            high, low = (bounds_of(end, "<=") for end in ends)
            if isinstance(low, list) or isinstance(high, list) or amount_of(low).value > amount_of(high).value:
                raise Unjudgeable("the lower end of the range is above its upper end")
            return "between", [low, high], (signs, *ends)
        return "between", bounds_of(value, "between"), (signs, value)
    operator = found.pop() if len(found) == 1 else None
    if operator is None:
        raise Unjudgeable(f"an operator of the language is needed, found '{', '.join(words)[:20]}'")
    single = value.items()[0] if operator != "between" and len(value.items()) == 1 else value
    return operator, bounds_of(single, operator), (signs, value)


def _is_always_kept(metric: str, operator: str, value: Bounds, unit: Field | None) -> bool:
    """Checks whether every value that the metric can have keeps the limit, as `availability <= 100%`."""
    percent = unit is not None and unit.text.lower() in PERCENT
    if metric not in BUILT_IN and not percent:
        return False
    amounts = [amount_of(bound) for bound in (value if isinstance(value, list) else [value])]
    numbers = [amount.value for amount in amounts]
    own_number = metric not in BUILT_IN and amounts[-1].kind != "ratio"  # reports of percent hold 99.5 for 99.5 %
    top = None if metric in BUILT_IN and metric not in RATIOS else 100 if own_number else 1
    below, above = numbers[0] <= 0, top is not None and numbers[-1] >= top
    if operator == "between":
        return below and above
    if operator in (">=", ">"):
        return below and (operator == ">=" or numbers[0] < 0)
    return operator in ("<=", "<") and above and (operator == "<=" or top is None or numbers[-1] > top)


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
