"""Needed names: the values of reports that the contracts of a pipeline look at; all others are let go on arrival."""

from __future__ import annotations

from typing import Any

import msgspec

from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.reports.report import Report

ALWAYS_NEEDED = ("truth", "prediction", "probabilities", "inputs", "accuracy", "response_time")
"""Names that requests are joined and explained by, whatever contracts say."""


def needed_names(configuration: Configuration) -> frozenset[str] | None:
    """Returns the names of the values that are looked at; None for all, where user functions are given the samples."""
    if any(contract.processing for contract in configuration.contracts):
        return None
    names = {*ALWAYS_NEEDED, "model"}
    for contract in configuration.contracts:
        names |= {objective.metric for objective in contract.objectives}
        _add_names(contract.metrics, names)
    return frozenset(names)


def reduced(report: Report, names: frozenset[str] | None) -> Report:
    """Returns a report without the values that nobody looks at.

    Args:
        report: The report.
        names: Names of the values that are looked at; None for all.
    """
    if names is None or (names.issuperset(report.fields) and names.issuperset(report.metrics)):
        return report
    return msgspec.structs.replace(
        report,
        metrics={name: value for name, value in report.metrics.items() if name in names},
        fields={name: value for name, value in report.fields.items() if name in names},
    )


def _add_names(tree: Any, names: set[str]) -> None:
    """Adds all words of an expression tree, among which are the names of values."""
    if isinstance(tree, dict):
        names |= {str(key) for key in tree}
        for item in tree.values():
            _add_names(item, names)
    elif isinstance(tree, list | tuple):
        for item in tree:
            _add_names(item, names)
    elif isinstance(tree, str):
        names.add(tree)
