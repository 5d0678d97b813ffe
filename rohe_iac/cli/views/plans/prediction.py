"""How predicted response times look, a line each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rohe_iac.planning.questions.analysis.response_times import Prediction
from rohe_iac.planning.questions.analysis.slowed_replicas import SlowedReplica

MILLION = 1_000_000

LEAST = 10_000
"""Millionths: a replica that is slowed down by less than one percent is not remarked."""

FEW = 3
"""Services without a profile that one line names."""


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """A prediction in words, cell by cell.

    Attributes:
        objective: the name of the objective.
        path: the first and the last service, or the only one.
        predicted: the whole response time; "unknown" where nothing is known of it, and how busy where a service is
            overloaded.
        links: the part of it on links; empty where it is 0.
        limit: the longest response time that the contract allows.
        slack: by how many percent of the limit the prediction is below or above it; "not met" where a service is
            overloaded, empty without a prediction.
        notes: the time with the neighbours of this plan, how requests are spread over replicas, and which services are
            not counted; each may be missing.
        late: whether the prediction is above the limit.
    """

    objective: str
    path: str
    predicted: str
    links: str
    limit: str
    slack: str
    notes: tuple[str, ...]
    late: bool


def row_of(prediction: Prediction) -> PredictionRow:
    """Returns the cells of a prediction."""
    first, last = (address.partition(":")[2] or address for address in (prediction.first, prediction.last))
    return PredictionRow(
        prediction.objective,
        first if first == last else f"{first} to {last}",
        predicted_time(prediction),
        shown_time(prediction.links) if prediction.links else "",
        shown_time(prediction.limit),
        _slack(prediction),
        _notes(prediction),
        prediction.is_late,
    )


def _slack(prediction: Prediction) -> str:
    if prediction.slack is None:
        return "not met"
    if prediction.unknown:
        return ""
    percent = f"{abs(prediction.slack) / 100:.1f} %"
    return f"{percent} too slow" if prediction.is_late else f"{percent} slack"


def _notes(prediction: Prediction) -> tuple[str, ...]:
    """Returns what neighbours change, how requests are spread over the replicas, and which services are not counted."""
    differs = prediction.time is not None and 0 < prediction.beside < prediction.time
    notes = [f"{shown_time(prediction.beside)} with the neighbours of this plan"] if differs else []
    notes += [f"requests {' or '.join(prediction.spread)}"] if prediction.spread else []
    if prediction.uncounted:
        notes.append(f"not counted, without a profile: {_few(prediction.uncounted)}")
    return tuple(notes)


def _few(addresses: Sequence[str]) -> str:
    """Returns the first services by name, and how many others there are."""
    names = [address.partition(":")[2] or address for address in addresses[:FEW]]
    return ", ".join(names) + (f" and {len(addresses) - FEW} more" if len(addresses) > FEW else "")


def shown_prediction(prediction: Prediction) -> str:
    """Returns `sla/fast: 1112 ms of 1200 ms, 8 ms of it on links (7.3 % slack), camera to detection`."""
    row = row_of(prediction)
    if prediction.unknown:
        return f"{row.objective}: not predicted, no profile of {_few(prediction.uncounted)}"
    if prediction.overload:
        limited = f"{row.objective}: {row.predicted}, so the limit of {row.limit} cannot be met"
        return ", ".join((limited, row.path, *row.notes))
    links = f", {row.links} of it on links" if row.links else ""
    return ", ".join((f"{row.objective}: {row.predicted} of {row.limit}{links} ({row.slack})", row.path, *row.notes))


def predicted_time(prediction: Prediction) -> str:
    """Returns the whole response time of a prediction, of services and links, or why there is none."""
    if prediction.time is None:
        return f"overloaded: {prediction.overload} % busy"
    return "unknown" if prediction.unknown else shown_time(prediction.time)


def shown_time(microseconds: int) -> str:
    """Returns microseconds in milliseconds with their unit, without decimals from 10 ms on."""
    whole = microseconds >= 10_000
    return f"{microseconds / 1000:.0f} ms" if whole else f"{microseconds / 1000:g} ms"


def shown_slowdown(slowed: SlowedReplica) -> str:
    """Returns `beside 7 replicas of detector: 1.4 times slower, expected 210 ms of 300 ms (sla/fast)`."""
    factor = f"{(MILLION + slowed.slowdown) / MILLION:.2f}".rstrip("0")
    words = f"beside {', '.join(slowed.beside)}: {factor} times slower"
    if not slowed.expected:
        return words
    return f"{words}, expected {shown_time(slowed.expected)} of {shown_time(slowed.limit)} ({slowed.objective})"


def slowdowns_by_replica(slowed: Iterable[SlowedReplica]) -> Mapping[str, str]:
    """Returns the words by address of a replica, of those that are slowed down by LEAST or more."""
    return {item.replica: shown_slowdown(item) for item in slowed if item.slowdown >= LEAST}
