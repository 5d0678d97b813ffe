"""Checks of an objective beyond its fields: aggregates, windows and thresholds that do not suit its metric."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import number_in_list, warning
from rohe_iac.blueprint.language.contract import ContractSpec, Objective
from rohe_iac.blueprint.linked.metric_units import BUILT_IN, KINDS, fits, in_unit, unit_of
from rohe_iac.blueprint.linked.offer import Offer
from rohe_iac.blueprint.text.parsed import Path

LONGEST_RESPONSE = 60.0
"""The longest plausible response time, in seconds; a larger bare number probably means milliseconds."""


MAX_COMPARED = 100
"""The most earlier objectives that each objective is compared with."""


_EXAMPLES = {"time": "300ms", "ratio": "15%", "bytes": "64Mi", "rate": "20/s", "number": "a number"}


_UNIT_WORDS = {"time": "a time", "ratio": "a ratio", "bytes": "in bytes", "rate": "a rate"}


_OWN_AGGREGATES = {"throughput": ("mean", "rate"), "availability": ("mean", "ratio")}


def check(document: Document, spec: ContractSpec, offer: Offer | None) -> Iterator[Finding]:
    """Yields every finding of a contract's objectives; `offer` is its pipeline's, None where there is no pipeline."""
    compared: list[Objective] = []
    for index, objective in enumerate(spec.objectives):
        base: Path = ("spec", "objectives", index)
        partial = document.remainder is not None and document.remainder.lost_below(base)
        if objective.name is None and not partial and len(compared) < MAX_COMPARED and objective in compared:
            number = number_in_list(document, ("spec", "objectives", compared.index(objective)))
            message = f"the objective is here twice, first as number {number} of the list"
            yield warning(document, base, "R210", message, "keep one of them")
        compared.append(objective)
        yield from _check_aggregate(document, base, objective, spec)
        size = objective.window.size_length
        if size is not None and size.reports is not None and objective.min_samples > size.reports:
            message = f"a window of {objective.window.size} never holds the {objective.min_samples} of minSamples"
            yield warning(document, (*base, "minSamples"), "R121", message, "the verdict would always be UNKNOWN")
        if offer is not None and not (objective.metric in BUILT_IN and objective.metric in spec.metrics):
            yield from _check_threshold(document, (*base, "value"), objective, unit_of(objective, spec.metrics, offer))


def _check_aggregate(document: Document, base: Path, objective: Objective, spec: ContractSpec) -> Iterator[Finding]:
    """Yields a warning for an aggregate of a metric that is one number a window already."""
    is_own = objective.metric in spec.metrics
    if is_own or objective.metric in _OWN_AGGREGATES:
        allowed = ("mean",) if is_own else _OWN_AGGREGATES[objective.metric]
        if objective.aggregate not in allowed:
            message = f"'{objective.metric}' is one number a window, so {objective.aggregate} of it changes nothing"
            hint = "leave aggregate out, and write it into the metric's tree" if is_own else "leave aggregate out"
            yield warning(document, (*base, "aggregate"), "R124", message, hint)


def _check_threshold(document: Document, base: Path, objective: Objective, unit: str) -> Iterator[Finding]:
    written = objective.value if isinstance(objective.value, list | tuple) else [objective.value]
    for number, (amount, text) in enumerate(zip(objective.bounds, written, strict=True)):
        path = (*base, number) if isinstance(objective.value, list | tuple) else base
        if not fits(amount, unit):
            kinds = KINDS.get(unit, ("number",))
            unit_words = _UNIT_WORDS.get(kinds[0], f"in {unit}")
            message = f"{text} is no threshold for '{objective.metric}', which is {unit_words}"
            yield Finding(document, path, "R237", message, f"write it as {_EXAMPLES[kinds[0]]}")
        elif unit == "ratio" and amount.value > 1:
            bare = amount.kind == "number" and amount.value <= 100
            hint = f"did you mean {text}%?" if bare else "a ratio is at most 100%"
            yield warning(document, path, "R113", f"a ratio of {_shown_amount(text)}", hint)
        elif unit == "s" and amount.kind == "number" and in_unit(amount, unit) > LONGEST_RESPONSE:
            message = f"'{objective.metric}' is in seconds, and this is {amount.value:g} of them"
            yield warning(document, path, "R113", message, f"did you mean {amount.value:g}ms?")


def _shown_amount(text: Any) -> str:
    return f"{text:g}" if isinstance(text, int | float) else str(text)
