"""How predicted response times look, a line each."""

from __future__ import annotations

from dataclasses import dataclass

from rohe_iac.planning.questions.analysis.response_times import Prediction


@dataclass(frozen=True, slots=True)
class Row:
    """A prediction in words, cell by cell."""

    objective: str
    way: str
    predicted: str
    links: str
    limit: str
    slack: str
    late: bool


def row_of(one: Prediction) -> Row:
    """Its cells."""
    first, last = (address.partition(":")[2] or address for address in (one.first, one.last))
    return Row(
        one.objective,
        first if first == last else f"{first} to {last}",
        shown_time(one.services + one.links),
        shown_time(one.links) if one.links else "",
        shown_time(one.limit),
        f"{one.slack / 100:.1f} % slack" if one.slack >= 0 else f"{-one.slack / 100:.1f} % too slow",
        one.slack < 0,
    )


def shown_prediction(one: Prediction) -> str:
    """`sla/fast: 1112 ms of 1200 ms, 8 ms of it on links (7.3 % slack), camera to detection`."""
    row = row_of(one)
    links = f", {row.links} of it on links" if row.links else ""
    return f"{row.objective}: {row.predicted} of {row.limit}{links} ({row.slack}), {row.way}"


def shown_time(microseconds: int) -> str:
    """Microseconds in milliseconds, whole ones from 10 on."""
    whole = microseconds >= 10_000
    return f"{microseconds / 1000:.0f} ms" if whole else f"{microseconds / 1000:g} ms"
