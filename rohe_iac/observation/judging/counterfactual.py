"""Counterfactuals: what a joined request would have been, had only some members of its ensemble voted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from rohe_iac.observation.reports.sample import Part, Sample

Wanted = Callable[[str], bool]
"""Whether a member of that name votes."""


def members_of(samples: Sequence[Sample], service: str) -> tuple[str, ...]:
    """The members of an ensemble that took part in any of the requests, sorted."""
    return tuple(sorted({part.member for sample in samples for part in _voters(sample, service)}))


def as_if(samples: Sequence[Sample], service: str, wanted: Wanted) -> list[Sample]:
    """The requests with the vote of the wanted members alone, by the mean of their probabilities; those in which none
    of them voted are left out. Without probabilities the most frequent prediction counts.
    """
    changed = []
    for sample in samples:
        voters = [part for part in _voters(sample, service) if wanted(part.member)]
        if not voters:
            continue
        values = {**sample.values, "prediction": vote(voters)}
        if "truth" in values:
            values["accuracy"] = values["prediction"] == values["truth"]
        if "response_time" in values:
            values["response_time"] -= _saved(sample, service, wanted)
        changed.append(msgspec.structs.replace(sample, values=values))
    return changed


def vote(parts: Sequence[Part]) -> Any:
    """The prediction of these parts together; at least one. Equal votes go to the smallest label."""
    probabilities = [part.values.get("probabilities") for part in parts]
    if all(isinstance(given, list) and given for given in probabilities):
        lists: list[list[float]] = [given for given in probabilities if isinstance(given, list)]
        if len({len(given) for given in lists}) == 1:
            sums = [sum(column) for column in zip(*lists, strict=True)]
            return max(range(len(sums)), key=sums.__getitem__)
    if all(isinstance(given, dict) and given for given in probabilities):
        totals: dict[str, float] = {}
        for given in probabilities:
            for label, share in (given or {}).items():
                totals[label] = totals.get(label, 0.0) + share
        return min(totals, key=lambda label: (-totals[label], label))
    counted = Counter(str(part.values.get("prediction")) for part in parts)
    best = min(counted, key=lambda label: (-counted[label], label))
    return next(part.values.get("prediction") for part in parts if str(part.values.get("prediction")) == best)


def _voters(sample: Sample, service: str) -> list[Part]:
    voters = [part for part in sample.parts if part.service == service and part.member]
    inputs = sample.values.get("inputs")
    if isinstance(inputs, list) and inputs:
        # The answer names what it was made of; who came too late for it did not vote.
        counted = [part for part in voters if part.instance in inputs]
        return counted or voters
    return voters


def _saved(sample: Sample, service: str, wanted: Wanted) -> float:
    # Members answer side by side, so the slowest one decides when the ensemble is done.
    ends = [(part.member, part.end) for part in _voters(sample, service) if part.end is not None]
    rest = [end for member, end in ends if wanted(member)]
    return max(0.0, max(end for _, end in ends) - max(rest)) if rest else 0.0
