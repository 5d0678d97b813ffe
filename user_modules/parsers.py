"""Parsers that ship as examples: `name(report, **options) -> samples`.

A report is a mapping with time, request, service, member, instance and node, and all metrics and fields by name. A
sample is a mapping too; a parser returns one sample, several or none for a report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Report = Mapping[str, Any]
Sample = dict[str, Any]


def whole(report: Report) -> list[Sample]:
    """Returns the report unchanged."""
    return [dict(report)]


def inference(report: Report) -> list[Sample]:
    """Returns the prediction of a classifier, with its confidence and the margin between its first and second choice.

    Without a reported confidence the largest probability is taken; a report without a prediction gives no sample.
    """
    if "prediction" not in report:
        return []
    probabilities = _numbers(report.get("probabilities"))
    sample = {name: report[name] for name in ("time", "instance", "member", "prediction") if name in report}
    if probabilities:
        first, second = [*sorted(probabilities, reverse=True), 0.0][:2]
        sample["margin"] = first - second
        sample["confidence"] = first
    if "confidence" in report:
        sample["confidence"] = report["confidence"]
    return [sample]


def only(report: Report, service: str = "", member: str = "") -> list[Sample]:
    """Returns the report where it is of that service and member; "" stands for any."""
    matches = service in ("", report.get("service")) and member in ("", report.get("member"))
    return [dict(report)] if matches else []


def _numbers(probabilities: Any) -> list[float]:
    values: Iterable[Any] = ()
    if isinstance(probabilities, Mapping):
        values = probabilities.values()
    elif isinstance(probabilities, list):
        values = probabilities
    return [float(value) for value in values if isinstance(value, int | float)]
