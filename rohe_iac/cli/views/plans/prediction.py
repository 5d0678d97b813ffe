"""How predicted response times look, a line each."""

from __future__ import annotations

from dataclasses import dataclass

from rohe_iac.planning.questions.analysis.response_times import Prediction


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """A prediction in words, cell by cell.

    Attributes:
        objective: the name of the objective.
        path: the first and the last service, or the only one.
        predicted: the whole response time.
        links: the part of it on links; empty where it is 0.
        limit: the longest response time that the contract allows.
        slack: by how many percent of the limit the prediction is below or above it.
        late: whether the prediction is above the limit.
    """

    objective: str
    path: str
    predicted: str
    links: str
    limit: str
    slack: str
    late: bool


def row_of(prediction: Prediction) -> PredictionRow:
    """Returns the cells of a prediction."""
    first, last = (address.partition(":")[2] or address for address in (prediction.first, prediction.last))
    slack = prediction.slack
    return PredictionRow(
        prediction.objective,
        first if first == last else f"{first} to {last}",
        predicted_time(prediction),
        shown_time(prediction.links) if prediction.links else "",
        shown_time(prediction.limit),
        f"{slack / 100:.1f} % slack" if slack >= 0 else f"{-slack / 100:.1f} % too slow",
        slack < 0,
    )


def shown_prediction(prediction: Prediction) -> str:
    """Returns `sla/fast: 1112 ms of 1200 ms, 8 ms of it on links (7.3 % slack), camera to detection`."""
    row = row_of(prediction)
    links = f", {row.links} of it on links" if row.links else ""
    return f"{row.objective}: {row.predicted} of {row.limit}{links} ({row.slack}), {row.path}"


def predicted_time(prediction: Prediction) -> str:
    """Returns the whole response time of a prediction, of services and links."""
    return shown_time(prediction.services + prediction.links)


def shown_time(microseconds: int) -> str:
    """Returns microseconds in milliseconds with their unit, without decimals from 10 ms on."""
    whole = microseconds >= 10_000
    return f"{microseconds / 1000:.0f} ms" if whole else f"{microseconds / 1000:g} ms"
