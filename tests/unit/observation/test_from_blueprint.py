"""Contracts of a blueprint in the form that agents judge: thresholds are in the units that services report."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.blueprint.language.contract import ObservationContract
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.observation.contract import ObjectiveSpec
from rohe_iac.observation.from_blueprint import agent_contract

REPORTED = {"delay": {"unit": "ms"}, "load": {"unit": "percent"}, "confidence": {"unit": "ratio"}, "odd": {}}


def low_of(metric: str, value: Any, trees: dict[str, Any] | None = None) -> float:
    return objective_of(metric, value, trees).low


def objective_of(
    metric: str, value: Any, trees: dict[str, Any] | None = None, aggregate: str = "mean", operator: str = "<"
) -> ObjectiveSpec:
    services = [{"name": "camera", "image": "camera", "reports": {"metrics": REPORTED}}]
    pipeline = Pipeline.model_validate({"metadata": {"name": "door"}, "spec": {"services": services}})
    objective = {
        "metric": metric,
        "operator": operator,
        "aggregate": aggregate,
        "value": value,
        "window": {"size": "5m"},
    }
    spec = {"pipeline": "door", "metrics": trees or {}, "objectives": [objective]}
    contract = ObservationContract.model_validate({"metadata": {"name": "promise"}, "spec": spec})
    return agent_contract(contract, pipeline).objectives[0]


@pytest.mark.parametrize(
    ("metric", "value", "low"),
    [
        ("delay", "0.3s", 300),
        ("delay", 250, 250),
        ("load", "15%", 15),
        ("load", 15, 15),
        ("confidence", "60%", 0.6),
        ("response_time", "300ms", 0.3),
        ("odd", "300ms", 0.3),
    ],
)
def test_a_quantity_is_converted_and_a_bare_number_is_taken_as_it_is(metric: str, value: Any, low: float) -> None:
    assert low_of(metric, value) == pytest.approx(low)


def test_a_metric_of_the_contracts_own_has_the_unit_of_what_it_is_made_of() -> None:
    trees = {"lag": {"percentile": {"of": "delay", "p": 99}}, "gap": {"difference": [{"metric": "lag"}, {"count": {}}]}}
    assert low_of("lag", "2s", trees) == pytest.approx(2000)
    assert low_of("gap", "2s", trees) == pytest.approx(2000)


@pytest.mark.parametrize(
    ("metric", "value", "unit", "text"),
    [
        ("response_time", "150ms", "s", "p95 response_time < 150ms"),
        ("delay", 250, "ms", "p95 delay < 250"),
        ("confidence", "90%", "%", "p95 confidence < 90%"),
        ("confidence", 0.9, "ratio", "p95 confidence < 0.9"),
        ("load", "15%", "percent", "p95 load < 15%"),
        ("odd", "64Mi", "bytes", "p95 odd < 64Mi"),
        ("odd", "20/s", "rate", "p95 odd < 20/s"),
        ("odd", 3, "", "p95 odd < 3"),
    ],
)
def test_a_promise_is_worded_as_in_the_contract_and_its_values_have_a_unit(
    metric: str, value: Any, unit: str, text: str
) -> None:
    objective = objective_of(metric, value, aggregate="p95")
    assert (objective.text, objective.unit) == (text, unit)


def test_a_range_is_worded_as_in_the_contract() -> None:
    assert objective_of("confidence", ["20%", "80%"], operator="between").text == "confidence between 20% and 80%"
