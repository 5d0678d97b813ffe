"""Parsers that ship as examples: `name(report, **options) -> samples`.

A report is a mapping of all that its service told: time, request, service, member, instance, node, and all metrics and
fields by name. A sample is a mapping too; a parser gives one, several or none for a report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Report = Mapping[str, Any]
Sample = dict[str, Any]


def whole(report: Report) -> list[Sample]:
    """The report as it is."""
    return [dict(report)]


def inference(report: Report) -> list[Sample]:
    """What a classifier told: prediction, its confidence (the greatest probability where it gave none), and the margin
    between its first and second choice; nothing where the report is of no inference.
    """
    if "prediction" not in report:
        return []
    probabilities = _shares(report.get("probabilities"))
    sample = {name: report[name] for name in ("time", "instance", "member", "prediction") if name in report}
    if probabilities:
        first, second = [*sorted(probabilities, reverse=True), 0.0][:2]
        sample["margin"] = first - second
        sample["confidence"] = first
    if "confidence" in report:
        sample["confidence"] = report["confidence"]
    return [sample]


def only(report: Report, service: str = "", member: str = "") -> list[Sample]:
    """The report where it is of that service and member; empty means any."""
    wanted = service in ("", report.get("service")) and member in ("", report.get("member"))
    return [dict(report)] if wanted else []


def _shares(given: Any) -> list[float]:
    values: Iterable[Any] = given.values() if isinstance(given, Mapping) else given if isinstance(given, list) else ()
    return [float(value) for value in values if isinstance(value, int | float)]
