"""What contracts of all formats share: operators, thresholds, windows, names of metrics, how objectives are made."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from pydantic_core import PydanticCustomError

from rohe_iac.blueprint.language.amounts import amount_of, length_of
from rohe_iac.blueprint.linked.metric_units import BUILT_IN
from rohe_iac.foundation.quantities import LARGEST
from rohe_iac.importing.foreign.drafts import IMPORTED, ContractDraft, Gathering
from rohe_iac.importing.foreign.journal import Field, plain
from rohe_iac.importing.foreign.naming import ORIGINAL_NAME, Names, dns_name
from rohe_iac.importing.foreign.units import NUMBER

DEFAULT_WINDOW = "5m"


RATIOS = ("accuracy", "availability")
"""Metrics of rohe's own that are ratios."""


STAKEHOLDERS = "a contract here names its tenant alone: who else provides or consumes is not part of it"


NOT_MEASURABLE = "not measurable: the clause names no metric; it stays UNKNOWN"


NOT_MEASURED = "rohe.dev/not-measurable"
"""Annotation that keeps the clauses of a contract that nothing can measure."""


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
    into: Gathering, field: Field, name: Field | None, pipeline: Field | None, otherwise: str
) -> ContractDraft:
    """A new contract; its names made DNS-1123, the originals kept in annotations."""
    original = name.text if name is not None and name.text else otherwise
    made = into.contract_names.give(original, "contract")
    about = pipeline.text if pipeline is not None and pipeline.text else ""
    draft = ContractDraft(made, about, field.place.file)
    draft.spec["pipeline"] = dns_name(about, into.name or IMPORTED)
    if made != original:
        draft.annotations[ORIGINAL_NAME] = original
    if about and draft.spec["pipeline"] != about:
        draft.annotations[f"{ORIGINAL_NAME}.pipeline"] = about
    if name is not None:
        name.to(f"ObservationContract/{made}: metadata.name")
    if pipeline is not None:
        pipeline.to(f"ObservationContract/{made}: pipeline")
    else:
        field.note("no pipeline is named: the one that is imported along with it, else write its name under 'pipeline'")
    into.contracts.append(draft)
    return draft


def operator_of(field: Field) -> str | None:
    """The operator of the language; None where it has none such."""
    text = field.text
    return OPERATORS.get(text, OPERATORS.get(plain(text)))


def window_of(field: Field | None) -> str | None:
    """A window's length as the language writes it; a bare number is seconds. None where it is none."""
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
    """What each metric that a contract defines is called here: rohe's own names are taken."""
    made: dict[str, str] = {}
    for name in defined:
        mine = name
        while mine in BUILT_IN or (mine != name and mine in defined):
            mine = f"consumer_{mine}"
        made[name] = mine
    return made


class ObjectiveNames:
    """Names of the objectives of one contract."""

    def __init__(self) -> None:
        self._names = Names()

    def give(self, *words: str) -> str:
        """A name made of the words that are not empty."""
        return self._names.give("-".join(word for word in words if word), "objective")


def objective(
    name: str, metric: str, operator: str, value: Any, window: str, *, aggregate: str = "mean", action: str = ""
) -> dict[str, Any]:
    """One objective; the aggregate and the action are left out where they are the default."""
    made: dict[str, Any] = {"name": name, "metric": metric}
    if aggregate != "mean":
        made["aggregate"] = aggregate
    made |= {"operator": operator, "value": value, "window": {"size": window}}
    if action:
        made["onViolation"] = action
    return made


def threshold(number: Fraction) -> int | float:
    """A number as it is written."""
    return int(number) if number.denominator == 1 else float(number)


def percent(number: Fraction) -> str:
    """A number of percent as a share."""
    return f"{float(number):.15g}%"


def milliseconds(number: Fraction) -> str:
    """A number of milliseconds as a time."""
    return f"{float(number):.15g}ms"


class Unjudgeable(Exception):
    """A threshold that nothing can be compared with; the message says why."""


def bounds_of(value: Field, operator: str) -> Any:
    """The threshold, or a pair of them for `between`. Errors: Unjudgeable."""
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


def ratio_bounds(bounds: Any, field: Field) -> Any:
    """Bounds of a ratio; where a bare one is above 1 they are percent."""
    given = bounds if isinstance(bounds, list) else [bounds]
    if any(isinstance(bound, str) or bound <= 1 for bound in given[-1:]):
        return bounds
    field.note("of a ratio and above 1, so taken as percent")
    found = [bound if isinstance(bound, str) else percent(Fraction(str(bound))) for bound in given]
    return found if isinstance(bounds, list) else found[0]


def _bound(field: Field) -> Any:
    """A number, which may be below 0 as that of a difference is, or a quantity: 80%, 300ms, 20/s. true counts as 1."""
    if isinstance(field.value, bool):
        return int(field.value)
    text = field.text
    if NUMBER.fullmatch(text) and abs(Fraction(text)) <= LARGEST:
        return threshold(Fraction(text))
    try:
        amount_of(text)
    except PydanticCustomError:
        shown = f"'{text[:40]}'" if field.is_scalar else "a mapping" if field.is_mapping else "a list"
        raise Unjudgeable(f"expected a number or a quantity such as 300ms, found {shown}") from None
    return text


def consumer_of(contract: Field) -> Field | None:
    """Who consumes, among `stakeholders`: the first whose role says so."""
    stakeholders = contract.get("stakeholders")
    for item in stakeholders.items() if stakeholders is not None else []:
        roles = item.get("roles", "role")
        words = roles.items() if roles is not None and roles.is_list else [roles] if roles is not None else []
        named = item.get("id", "name")
        if named is not None and named.text and any("consumer" in part.text.lower() for part in words):
            return named
    return None
