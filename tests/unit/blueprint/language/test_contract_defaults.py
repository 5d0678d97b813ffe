"""Defaults of a contract: each objective has them unless it says otherwise."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.language.contract import ContractSpec

OBJECTIVE: dict[str, Any] = {"metric": "response_time", "operator": "<", "value": "1s"}


def test_an_objective_says_otherwise_or_has_the_defaults() -> None:
    defaults = {"window": {"size": "5m"}, "minSamples": 20, "missing": "broken", "for": "1m", "clear": "2m"}
    own = {**OBJECTIVE, "window": {"size": "1m"}, "minSamples": 1, "missing": "freeze", "for": "0s"}
    spec = ContractSpec.model_validate({"pipeline": "shop", "defaults": defaults, "objectives": [OBJECTIVE, own]})
    first, second = spec.objectives
    assert (first.window.size, first.min_samples, first.missing, first.for_, first.clear) == (
        "5m",
        20,
        "broken",
        60,
        120,
    )
    assert (second.window.size, second.min_samples, second.missing, second.for_, second.clear) == (
        "1m", 1, "freeze", 0, 120,
    )  # fmt: skip
