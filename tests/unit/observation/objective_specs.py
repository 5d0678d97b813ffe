"""Objectives for the tests of this folder."""

from __future__ import annotations

from typing import Any

from rohe_iac.observation.contract import ObjectiveSpec, ScopeSpec, WindowSpec


def objective_spec(**changes: Any) -> ObjectiveSpec:
    """Returns an objective that demands a mean accuracy of 0.9 over ten requests, with some attributes changed."""
    defaults: dict[str, Any] = {
        "name": "right",
        "metric": "accuracy",
        "scope": ScopeSpec(),
        "aggregate": "mean",
        "operator": ">=",
        "low": 0.9,
        "high": 0.9,
        "window": WindowSpec(size_count=10, every_count=10),
        "min_samples": 1,
        "missing": "freeze",
    }
    return ObjectiveSpec(**{**defaults, **changes})
