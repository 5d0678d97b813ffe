"""Claims about imports of QoA4ML contracts: each constraint becomes an objective, or is listed and stays UNKNOWN."""

from __future__ import annotations

from typing import Any

import pytest
from import_results import Importer, reasons

from rohe_iac.importing.import_texts import ImportResult


def constraint(metrics: Any, condition: Any, aggregate: str | None = None) -> dict[str, Any]:
    fields = {"metrics": metrics, "condition": condition, "aggregate_function": aggregate}
    return {key: value for key, value in fields.items() if value is not None}


def contract(*constraints: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {"stakeholders": [], "quality": {"service": [{"name": "c", "constraint_list": list(constraints)}]}, **parts}


def spec(result: ImportResult) -> dict[str, Any]:
    found: dict[str, Any] = result.documents[0]["spec"]
    return found


AT_LEAST = "greater_equal"


@pytest.mark.parametrize(
    ("metric", "unit", "value", "expected"),
    [
        ("response_time", "ms", 200, "200ms"),
        ("response_time", "minutes", 2, "120000ms"),
        ("response_time", "us", 50, "0.05ms"),
        ("response_time", None, 0.2, "200ms"),
        ("response_time", "s", "300ms", "300ms"),
        ("throughput", "rps", 15, "15/s"),
        ("throughput", "requests/min", 30, "0.5/s"),
        ("availability", None, 99.5, "99.5%"),
        ("availability", None, 0.995, 0.995),
        ("accuracy", "percent", 80, "80%"),
        ("completeness", "%", 95, 95),
        ("frozen", None, True, 1),
    ],
)
def test_thresholds_get_the_unit_that_rohe_s_own_metrics_have(
    import_contents: Importer, metric: str, unit: str | None, value: object, expected: object
) -> None:
    result = import_contents(
        contract(constraint({"metric_name": metric, "unit": unit}, {"operator": AT_LEAST, "value": value}))
    )
    assert spec(result)["objectives"][0]["value"] == expected


def test_a_unit_that_is_none_of_time_is_listed(import_contents: Importer) -> None:
    result = import_contents(
        contract(constraint({"metric_name": "response_time", "unit": "px"}, {"operator": "equal", "value": 1}))
    )
    assert "not a unit of time" in reasons(result)["quality.service[0].constraint_list[0].metrics.unit"]


def test_constraints_within_constraints_and_several_metrics_and_conditions_are_objectives_each(
    import_contents: Importer,
) -> None:
    both = {"and": [{"operator": "greater_than", "value": 1}, {"operator": "less_than", "value": 5}]}
    inner = {"name": "inner", "constraint_list": [constraint([{"metric_name": "a"}, {"metric_name": "b"}], both)]}
    result = import_contents(contract({"name": "outer", "constraint_list": [inner]}))
    assert [(entry["name"], entry["operator"]) for entry in spec(result)["objectives"]] == [
        ("inner-a", ">"),
        ("inner-a-2", "<"),
        ("inner-b", ">"),
        ("inner-b-2", "<"),
    ]


@pytest.mark.parametrize(
    ("condition", "aggregate", "word"),
    [
        ({"operator": "less_than", "value": "cheap"}, None, "found 'cheap'"),
        ({"operator": "not_equal", "value": 1}, None, "found 'not_equal'"),
        ({"operator": "range", "value": {"min": 5}}, None, "a lower and an upper end"),
        ({"operator": "range", "value": [5, 1]}, None, "above its upper end"),
        ({"operator": "less_than", "value": {"a": 5}}, None, "found a mapping"),
        ({"or": [{"operator": "less_than", "value": 5}]}, None, "found none"),
        ({"operator": "less_than", "value": 5}, "PRODUCT", "'PRODUCT' is not an aggregate"),
    ],
)
def test_what_nothing_can_judge_is_listed_and_stays_unknown(
    import_contents: Importer, condition: dict[str, Any], aggregate: str | None, word: str
) -> None:
    good = constraint({"metric_name": "good"}, {"operator": "less_than", "value": 5}, "MAX")
    result = import_contents(contract(constraint({"metric_name": "m"}, condition, aggregate), good))
    assert [entry["metric"] for entry in spec(result)["objectives"]] == ["good"]
    reason = reasons(result)["quality.service[0].constraint_list[0]"]
    assert word in reason
    assert reason.endswith("it stays UNKNOWN")
    assert result.documents[0]["metadata"]["annotations"]["rohe.dev/not-measurable"] == "m"


def test_of_several_stakeholders_the_first_consumer_is_the_tenant(import_contents: Importer) -> None:
    people = [
        {"id": "p", "name": "Provider", "roles": ["ml_provider"]},
        {"id": "c1", "name": "Consumer", "roles": ["ml_consumer"]},
        {"id": "c2", "roles": "service_consumer"},
    ]
    result = import_contents(contract(stakeholders=people))
    assert spec(result)["tenant"] == "c1"
    listed = reasons(result)
    assert set(listed) >= {"stakeholders[0]", "stakeholders[1].name", "stakeholders[1].roles", "stakeholders[2]"}
    assert all("names its tenant alone" in listed[field] for field in listed if field.startswith("stakeholders"))


def test_a_clause_of_which_one_constraint_would_do_is_listed(import_contents: Importer) -> None:
    parts = [constraint({"metric_name": name}, {"operator": AT_LEAST, "value": 1}) for name in ("a", "b")]
    one_of = {"name": "either", "constraint_list": parts, "aggregate_function": "OR"}
    both = {"name": "outer", "constraint_list": [{**one_of, "name": "all", "aggregate_function": "AND"}]}
    result = import_contents({"stakeholders": [], "quality": {"service": [one_of, both]}})
    assert [objective["metric"] for objective in spec(result)["objectives"]] == ["a", "b"]
    assert "one of several would do" in reasons(result)["quality.service[0]"]
    assert reasons(result)["quality.service[1].name"].startswith("an objective is named after")
    assert result.documents[0]["metadata"]["annotations"]["rohe.dev/not-measurable"] == "either"


def test_the_unit_of_a_reported_metric_is_told_and_not_lost(import_contents: Importer) -> None:
    data = {
        "Freshness": {"operators": "max", "unit": "minutes", "value": 2},
        "Size": {"operators": "max", "unit": "MB", "value": 5},
    }
    result = import_contents({"stakeholders": [], "quality": {"data": data}})
    assert [objective["value"] for objective in spec(result)["objectives"]] == [2, 5]
    assert "'minutes'" in reasons(result)["quality.data.Freshness.unit"]
    assert "'MB'" in reasons(result)["quality.data.Size.unit"]
    listed = import_contents(
        contract(constraint({"metric_name": "price", "unit": "EUR"}, {"operator": AT_LEAST, "value": 3}))
    )
    assert "'EUR'" in reasons(listed)["quality.service[0].constraint_list[0].metrics.unit"]


def test_a_limit_without_operator_or_value_says_what_it_lacks(import_contents: Importer) -> None:
    models = {"Recall": {"operators": "min"}, "Loss": {"value": None}, "F1": {"value": 0.5}}
    result = import_contents({"stakeholders": [], "quality": {"mlmodels": models}})
    found = reasons(result)
    assert "no value" in found["quality.mlmodels.Recall"]
    assert "no operator and no value" in found["quality.mlmodels.Loss"]
    assert "no operator" in found["quality.mlmodels.F1"]
