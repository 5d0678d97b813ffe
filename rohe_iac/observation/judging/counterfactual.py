"""Counterfactuals: the values of a joined request if only some members of its ensemble had voted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from rohe_iac.observation.reports.sample import Sample, SamplePart, number_of

MemberFilter = Callable[[str], bool]
"""Checks whether the member of that name votes."""


def voting_members(samples: Sequence[Sample], service: str) -> tuple[str, ...]:
    """Returns the members of an ensemble that voted in any of the requests, sorted."""
    return tuple(sorted({part.member for sample in samples for part in _voters(sample, service)}))


def revote(samples: Sequence[Sample], service: str, votes: MemberFilter) -> list[Sample]:
    """Returns the requests with the prediction, accuracy and response time that some members alone would have given.

    Args:
        samples: Joined requests.
        service: Name of the ensemble.
        votes: Selects the members that vote.

    Returns:
        The changed requests, without those in which none of the selected members voted.
    """
    changed = []
    for sample in samples:
        voters = [part for part in _voters(sample, service) if votes(part.member)]
        if not voters:
            continue
        values = {**sample.values, "prediction": combine_votes(voters)}
        if "truth" in values:
            values["accuracy"] = values["prediction"] == values["truth"]
        response_time = number_of(values.get("response_time"))
        if response_time is not None:
            values["response_time"] = response_time - _time_saved(sample, service, votes)
        changed.append(msgspec.structs.replace(sample, values=values))
    return changed


def combine_votes(parts: Sequence[SamplePart]) -> Any:
    """Returns the joint prediction of at least one part; among equal votes the smallest label wins.

    The mean of the probabilities decides where every part has some (sum rule), otherwise the most frequent prediction
    (plurality vote). Source: J. Kittler et al., On combining classifiers, IEEE Transactions on Pattern Analysis and
    Machine Intelligence 20 (1998).
    """
    probabilities = [part.values.get("probabilities") for part in parts]
    lists = [given for given in probabilities if isinstance(given, list) and given and _are_numbers(given)]
    if len(lists) == len(probabilities) and len({len(given) for given in lists}) == 1:
        sums = [sum(column) for column in zip(*lists, strict=True)]
        return max(range(len(sums)), key=sums.__getitem__)
    objects = [given for given in probabilities if isinstance(given, dict) and given and _are_numbers(given.values())]
    if len(objects) == len(probabilities):
        totals: dict[str, float] = {}
        for given in objects:
            for label, share in given.items():
                totals[label] = totals.get(label, 0.0) + share
        return min(totals, key=lambda label: (-totals[label], label))
    counts = Counter(str(part.values.get("prediction")) for part in parts)
    best = min(counts, key=lambda label: (-counts[label], label))
    return next(part.values.get("prediction") for part in parts if str(part.values.get("prediction")) == best)


def _are_numbers(values: Iterable[Any]) -> bool:
    return all(number_of(value) is not None for value in values)


def _voters(sample: Sample, service: str) -> list[SamplePart]:
    voters = [part for part in sample.parts if part.service == service and part.member]
    inputs = sample.values.get("inputs")
    if isinstance(inputs, list) and inputs:
        # The answer names the instances that it was made of; a member that came too late for it did not vote.
        counted = [part for part in voters if part.instance in inputs]
        return counted or voters
    return voters


def _time_saved(sample: Sample, service: str, votes: MemberFilter) -> float:
    # Members work side by side, so the slowest one decides when the ensemble is done.
    ends = [(part.member, part.end) for part in _voters(sample, service) if part.end is not None]
    remaining = [end for member, end in ends if votes(member)]
    return max(0.0, max(end for _, end in ends) - max(remaining)) if remaining else 0.0
