"""What contracts of all formats share: operators, thresholds, windows, names of metrics, and making objectives."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from pydantic_core import PydanticCustomError

from rohe_iac.blueprint.language.amounts import amount_of, length_of
from rohe_iac.blueprint.linked.metric_units import BUILT_IN
from rohe_iac.foundation.quantities import LARGEST
from rohe_iac.importing.foreign.drafts import IMPORTED, ContractDraft, Drafts
from rohe_iac.importing.foreign.journal import Field, loose_spelling
from rohe_iac.importing.foreign.naming import ORIGINAL_NAME, UniqueNames, dns_name
from rohe_iac.importing.foreign.units import NUMBER

DEFAULT_WINDOW = "5m"

Bound = int | float | str
"""A number, or a quantity as text."""

Bounds = Bound | list[Bound]
"""The bound of an objective, or both bounds of `between`."""


NO_PIPELINE = (
    "the contract names no pipeline: it is about the only one of this import; where that has none or several, it has "
    "pipeline: {}, in place of which you write the name of yours"
)
"""The note about a contract without a pipeline, with the name that stands for it."""


RATIOS = ("accuracy", "availability")
"""rohe's own metrics that are ratios."""


STAKEHOLDERS = "a contract here names its tenant alone: who else provides or consumes is not part of it"


NOT_MEASURABLE = "not measurable: the clause names no metric; it stays UNKNOWN"


NOT_MEASURED = "rohe.dev/not-measurable"
"""The annotation that keeps the clauses of a contract that nothing can measure."""


OPERATORS = {
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "==": "==",
    "=": "==",
    "lessthan": "<",
    "lt": "<",
    "less": "<",
    "lessequal": "<=",
    "lessthanorequal": "<=",
    "leq": "<=",
    "le": "<=",
    "lte": "<=",
    "greaterthan": ">",
    "gt": ">",
    "greater": ">",
    "greaterequal": ">=",
    "greaterthanorequal": ">=",
    "geq": ">=",
    "ge": ">=",
    "gte": ">=",
    "equal": "==",
    "equals": "==",
    "eq": "==",
    "range": "between",
    "between": "between",
}


_WINDOW = re.compile(r"(\d{1,40}(?:\.\d{1,40})?)\s*([A-Za-z]*)")


_UNITS = {
    "": "s", "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "ms": "ms",
    "m": "m", "min": "m", "mins": "m", "minute": "m", "minutes": "m", "h": "h", "hr": "h", "hour": "h", "hours": "h",
    "d": "d", "day": "d", "days": "d", "w": "w", "week": "w", "weeks": "w",
    "report": "reports", "reports": "reports", "request": "reports", "requests": "reports",
}  # fmt: skip


def draft_contract(
    drafts: Drafts, field: Field, name: Field | None, pipeline: Field | None, otherwise: str
) -> ContractDraft:
    """Adds a contract to the drafts and returns it; names are made DNS-1123, the originals kept in annotations.

    Args:
        drafts: The drafts of the import.
        field: The contract in the file.
        name: The field that names the contract.
        pipeline: The field that names its pipeline.
        otherwise: The name of a contract without one.
    """
    original = name.text if name is not None and name.text else otherwise
    new_name = drafts.contract_names.give(original, "contract")
    about = pipeline.text if pipeline is not None and pipeline.text else ""
    draft = ContractDraft(new_name, about, field.place.file)
    draft.spec["pipeline"] = dns_name(about, drafts.name or IMPORTED)
    if new_name != original:
        draft.annotations[ORIGINAL_NAME] = original
    if about and draft.spec["pipeline"] != about:
        draft.annotations[f"{ORIGINAL_NAME}.pipeline"] = about
    if name is not None:
        name.map_to(f"ObservationContract/{new_name}: metadata.name")
    if pipeline is not None:
        pipeline.map_to(f"ObservationContract/{new_name}: pipeline")
    else:
        field.note(NO_PIPELINE.format(draft.spec["pipeline"]))
    drafts.contracts.append(draft)
    return draft


def operator_of(field: Field) -> str | None:
    """Returns the operator of the language that a field stands for; None where the language has none such."""
    text = field.text
    return OPERATORS.get(text, OPERATORS.get(loose_spelling(text)))


def window_of(field: Field | None) -> str | None:
    """Returns a window's length as the language writes it; None where the field has none. Bare numbers are seconds."""
    match = _WINDOW.fullmatch(field.text) if field is not None else None
    if match is None or match[2].lower() not in _UNITS or Fraction(match[1]) == 0:
        return None
    unit = _UNITS[match[2].lower()]
    length = f"{int(Fraction(match[1]))} reports" if unit == "reports" else f"{match[1]}{unit}"
    try:
        length_of(length)
    except PydanticCustomError:  # longer than anything that the language measures, or less than one report
        return None
    return length


def metric_names(defined: list[str]) -> dict[str, str]:
    """Returns a new name for each metric that a contract defines, so that none has a name of rohe's own metrics."""
    new_names: dict[str, str] = {}
    for name in defined:
        new_name = name
        while new_name in BUILT_IN or (new_name != name and new_name in defined):
            new_name = f"consumer_{new_name}"
        new_names[name] = new_name
    return new_names


class ObjectiveNames:
    """The names given to the objectives of one contract."""

    def __init__(self) -> None:
        self._names = UniqueNames()

    def give(self, *words: str) -> str:
        """Returns a new name made of the words that are not empty."""
        return self._names.give("-".join(word for word in words if word), "objective")


def make_objective(
    name: str, metric: str, operator: str, value: Bounds, window: str, *, aggregate: str = "mean", action: str = ""
) -> dict[str, Any]:
    """Returns an objective as the language writes it; defaults of aggregate and action are left out."""
    result: dict[str, Any] = {"name": name, "metric": metric}
    if aggregate != "mean":
        result["aggregate"] = aggregate
    result |= {"operator": operator, "value": value, "window": {"size": window}}
    if action:
        result["onViolation"] = action
    return result


def plain_number(number: Fraction) -> int | float:
    """Returns a number as YAML has it: whole where it is whole."""
    return int(number) if number.denominator == 1 else float(number)


def as_percent(number: Fraction) -> str:
    """Returns a number of percent as a quantity of the language: 99.5%."""
    return f"{float(number):.15g}%"


def as_milliseconds(number: Fraction) -> str:
    """Returns a number of milliseconds as a quantity of the language: 300ms."""
    return f"{float(number):.15g}ms"


class Unjudgeable(Exception):
    """Raised for a clause that no measurement can be compared with; the message says why."""


def bounds_of(value: Field, operator: str) -> Bounds:
    """Returns the threshold, or the pair of them for `between`.

    Raises:
        Unjudgeable: The field holds no threshold that the operator compares with.
    """
    if operator != "between":
        return _bound(value)
    ends = value.items() or [
        part for part in (value.get("min", "low", "lower", "from"), value.get("max", "high", "upper", "to")) if part
    ]
    if len(ends) != 2:
        raise Unjudgeable(f"a range needs a lower and an upper end, found {len(ends) or 'none'}")
    low, high = (_bound(end) for end in ends)
    if amount_of(low).value > amount_of(high).value:
        raise Unjudgeable("the lower end of the range is above its upper end")
    return [low, high]


def ratio_bounds(bounds: Bounds, field: Field) -> Bounds:
    """Returns the bounds of a ratio; bare numbers are taken as percent where the upper one is above 1."""
    upper = bounds[-1] if isinstance(bounds, list) else bounds
    if isinstance(upper, str) or upper <= 1:
        return bounds
    field.note("of a ratio and above 1, so taken as percent")
    if isinstance(bounds, list):
        return [bound if isinstance(bound, str) else as_percent(Fraction(str(bound))) for bound in bounds]
    return as_percent(Fraction(str(upper)))


def _bound(field: Field) -> Bound:
    """Returns a number or a quantity such as 80%, 300ms, 20/s; true counts as 1.

    Numbers may be below 0, as those of a difference are.
    """
    if isinstance(field.value, bool):
        return int(field.value)
    text = field.text
    if NUMBER.fullmatch(text) and abs(Fraction(text)) <= LARGEST:
        return plain_number(Fraction(text))
    try:
        amount_of(text)
    except PydanticCustomError:
        found = f"'{text[:40]}'" if field.is_scalar else "a mapping" if field.is_mapping else "a list"
        raise Unjudgeable(f"expected a number or a quantity such as 300ms, found {found}") from None
    return text


def consumer_of(contract: Field) -> Field | None:
    """Returns the name of the first of `stakeholders` whose role is that of a consumer, or user."""
    stakeholders = contract.get("stakeholders")
    for item in stakeholders.items() if stakeholders is not None else []:
        roles = item.get("roles", "role")
        words = roles.items() if roles is not None and roles.is_list else [roles] if roles is not None else []
        named = item.get("id", "name")
        if named is not None and named.text and any(re.search("consumer|user", part.text.lower()) for part in words):
            return named
    return None
