"""Checks of an objective beyond its fields: aggregates, windows and thresholds that do not suit its metric."""

from __future__ import annotations

import math
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
        if objective.name is None and len(compared) < MAX_COMPARED and objective in compared:
            number = number_in_list(document, ("spec", "objectives", compared.index(objective)))
            message = f"the objective is here twice, first as number {number} of the list"
            yield warning(document, base, "R210", message, "keep one of them", of=(base,))
        compared.append(objective)
        yield from _check_aggregate(document, base, objective, spec)
        if objective.window.size is None and objective.window.session is None:
            hint = "add window: {size: 5m}, here or under defaults of the contract"
            of = ((*base, "window"), ("spec", "defaults"))
            yield Finding(document, base, "R107", "field 'window' is missing", hint, of=of)
        yield from _check_samples(document, base, objective, spec, offer)
        yield from _check_burn_rates(document, base, objective)
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


def _check_samples(
    document: Document, base: Path, objective: Objective, spec: ContractSpec, offer: Offer | None
) -> Iterator[Finding]:
    """Yields a warning where a window never holds as many samples as the objective needs."""
    size = objective.window.size_length
    if size is None:
        return
    load = "" if size.reports is not None else " at this load"
    if size.reports is not None:
        held: float = size.reports
    else:
        rate = _highest_rate(objective, spec, offer)
        if rate is None or size.seconds is None:
            return
        held = size.seconds * rate
    shown = "" if size.reports is not None else f", but about {_rounded(held)}"
    spare = 0 if size.reports is not None else 1  # a window of time may hold one more than its length says
    if objective.min_samples > held + spare:
        message = (
            f"a window of {objective.window.size} never holds the {objective.min_samples} of minSamples{load}{shown}"
        )
        hint = "the verdict would always be UNKNOWN" if size.reports is not None else "use a longer window, or fewer"
        yield warning(document, (*base, "minSamples"), "R121", message, hint)
    if objective.aggregate[0] == "p" and objective.aggregate[1:2].isdecimal():
        needed = math.ceil(1 / (1 - float(objective.aggregate[1:]) / 100) - 1e-6)
        if needed > held + spare:
            message = (
                f"{objective.aggregate} needs {needed} samples, and a window of {objective.window.size} holds "
                f"{'about ' if load else ''}{_rounded(held)}{load}"
            )
            hint = "it would be the largest of them: use a longer window, or max"
            yield warning(document, (*base, "aggregate"), "R121", message, hint)


def _rounded(count: float) -> str:
    """Returns a count to three digits, never as a power of ten."""
    return f"{float(f'{count:.3g}'):.12g}"


def _highest_rate(objective: Objective, spec: ContractSpec, offer: Offer | None) -> float | None:
    """Returns the most samples a second that an objective may get, None where nothing says how many.

    Each request is one sample of each member of an ensemble. A metric has samples of all services that declare it;
    one that none declares, and one of the contract's own, may have samples of all services.
    """
    if offer is None or not offer.rates:
        return None
    service = objective.scope.service
    if service is not None:
        if service not in offer.rates:
            return None
        return offer.rates[service] * (1 if objective.scope.member is not None else _answers(offer, service))
    if objective.metric in ("response_time", "throughput", "availability") and objective.metric not in spec.metrics:
        return max(offer.rates.values())
    own = objective.metric in spec.metrics
    declaring = {name for name, item in offer.services.items() if objective.metric in (item.reports.metrics or ())}
    reporting = declaring if declaring and not own else offer.rates.keys()
    return sum(rate * _answers(offer, name) for name, rate in offer.rates.items() if name in reporting)


def _answers(offer: Offer, service: str) -> int:
    """Returns how many answer each request of a service: all members of an ensemble, but one of its variants."""
    item = offer.services.get(service)
    return len(item.ensemble.members) if item is not None and item.ensemble is not None else 1


def _check_burn_rates(document: Document, base: Path, objective: Objective) -> Iterator[Finding]:
    """Yields a warning for each pair of burn rates that can never fire."""
    if objective.target is None or not 0 < objective.target < 1:
        return
    most = 1 / (1 - objective.target)
    every = objective.window.every_length
    for index, rate in enumerate(objective.burn_rates):
        path: Path = (*base, "burnRates", index)
        if rate.factor > most + 1e-9:
            message = (
                f"a budget of {1 - objective.target:.4g} burns at most {most:.4g} times too fast, never {rate.factor:g}"
            )
            yield warning(document, (*path, "factor"), "R130", message, f"write a factor below {most:.4g}")
        elif every is not None and every.seconds is not None and every.seconds > rate.short:
            text = objective.window.every or objective.window.size
            message = f"a window closes every {text}, so the short one may hold none"
            yield warning(document, (*path, "short"), "R130", message, f"let it be at least {text}")


def _check_threshold(document: Document, base: Path, objective: Objective, unit: str) -> Iterator[Finding]:
    written = objective.value if isinstance(objective.value, list | tuple) else [objective.value]
    for number, (amount, text) in enumerate(zip(objective.bounds, written, strict=True)):
        path = (*base, number) if isinstance(objective.value, list | tuple) else base
        if not fits(amount, unit):
            kinds = KINDS.get(unit, ("number",))
            unit_words = _UNIT_WORDS.get(kinds[0], f"in {unit}")
            message = f"{text} is no threshold for '{objective.metric}', which is {unit_words}"
            yield Finding(document, path, "R237", message, f"for example {_EXAMPLES[kinds[0]]}")
        elif unit == "ratio" and amount.value > 1:
            bare = amount.kind == "number" and amount.value <= 100
            hint = f"did you mean {text}%?" if bare else "a ratio is at most 100%"
            yield warning(document, path, "R113", f"a ratio of {_shown_amount(text)}", hint)
        elif unit == "s" and amount.kind == "number" and in_unit(amount, unit) > LONGEST_RESPONSE:
            message = f"'{objective.metric}' is in seconds, and this is {amount.value:g} of them"
            yield warning(document, path, "R113", message, f"did you mean {amount.value:g}ms?")


def _shown_amount(text: Any) -> str:
    return f"{text:g}" if isinstance(text, int | float) else str(text)
