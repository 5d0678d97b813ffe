"""Contracts as documents of OpenSLO v1: what is written obeys its specification, and what cannot be said is listed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from rohe_iac.blueprint.language.contract import ObservationContract
from rohe_iac.importing.export.openslo import OpenSloDocuments, openslo_documents

NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
LABEL = r"[a-z0-9A-Z][a-z0-9A-Z._-]{0,62}"
DURATION = r"[1-9][0-9]*[mhdwMQY]"


def exported(*objectives: dict[str, Any], **spec: Any) -> OpenSloDocuments:
    contract = ObservationContract.model_validate(
        {
            "metadata": {"name": "door"},
            "spec": {"pipeline": "hall", "tenant": "cafe", "objectives": list(objectives), **spec},
        }
    )
    return openslo_documents([contract])


def objective(name: str = "fast", **fields: Any) -> dict[str, Any]:
    return {
        "name": name, "metric": "response_time", "aggregate": "p99", "operator": "<=", "value": "300ms",
        "window": {"size": "5m"}, **fields,
    }  # fmt: skip


def slos(made: OpenSloDocuments) -> list[dict[str, Any]]:
    return [document for document in made.documents if document["kind"] == "SLO"]


def check(document: dict[str, Any], services: set[str]) -> None:
    """Checks a document by the specification of OpenSLO v1."""
    assert document["apiVersion"] == "openslo/v1"
    assert set(document) == {"apiVersion", "kind", "metadata", "spec"}
    metadata, spec = document["metadata"], document["spec"]
    assert set(metadata) <= {"name", "displayName", "labels", "annotations"}
    assert re.fullmatch(NAME, metadata["name"])
    assert all(re.fullmatch(LABEL, text) for text in metadata.get("labels", {}).values())
    if document["kind"] == "Service":
        assert set(spec) <= {"description"}
        return
    assert document["kind"] == "SLO"
    assert set(spec) <= {
        "description", "service", "indicator", "timeWindow", "budgetingMethod", "objectives", "alertPolicies",
    }  # fmt: skip
    assert spec["service"] in services
    assert len(spec.get("description", "")) <= 1050
    for window in spec.get("timeWindow", []):
        assert re.fullmatch(DURATION, window["duration"])
        assert window == {"duration": window["duration"], "isRolling": True}
    assert len(spec.get("timeWindow", [1])) == 1
    assert set(spec["indicator"]) == {"metadata", "spec"}
    assert set(spec["indicator"]["spec"]) == {"thresholdMetric"}
    source = spec["indicator"]["spec"]["thresholdMetric"]["metricSource"]
    assert isinstance(source["type"], str)
    assert isinstance(source["spec"], dict)
    for goal in spec["objectives"]:
        assert set(goal) <= {"displayName", "op", "value", "target", "timeSliceTarget", "timeSliceWindow"}
        assert goal["op"] in ("lte", "gte", "lt", "gt")
        assert isinstance(goal["value"], float)
        assert 0 <= goal["target"] < 1
        if spec["budgetingMethod"] == "Timeslices":
            assert 0 < goal["timeSliceTarget"] <= 1
            assert re.fullmatch(DURATION, goal["timeSliceWindow"])
        else:
            assert spec["budgetingMethod"] == "Occurrences"
            assert "timeSliceTarget" not in goal


def test_an_objective_without_a_target_has_one_time_slice_as_long_as_its_window() -> None:
    (slo,) = slos(exported(objective()))
    spec = slo["spec"]
    assert (spec["budgetingMethod"], spec["timeWindow"]) == ("Timeslices", [{"duration": "5m", "isRolling": True}])
    (goal,) = spec["objectives"]
    assert (goal["op"], goal["value"], goal["timeSliceWindow"], goal["timeSliceTarget"]) == ("lte", 0.3, "5m", 1)
    assert slo["metadata"]["labels"] == {"contract": "door", "tenant": "cafe"}


def test_an_objective_with_a_target_counts_its_windows() -> None:
    made = exported(objective(target="99.5%", budgetWindow="30d", window={"size": "10s"}, scope={"service": "detect"}))
    spec = slos(made)[0]["spec"]
    assert (spec["budgetingMethod"], spec["timeWindow"]) == ("Occurrences", [{"duration": "30d", "isRolling": True}])
    assert spec["objectives"][0]["target"] == 0.995
    assert spec["indicator"]["spec"]["thresholdMetric"]["metricSource"] == {
        "type": "rohe",
        "spec": {
            "pipeline": "hall", "metric": "response_time", "scope": {"service": "detect"}, "aggregate": "p99",
            "unit": "s", "window": {"size": "10s"},
        },
    }  # fmt: skip
    assert made.left_out == []


def test_a_range_is_two_slos_and_both_ends_of_it() -> None:
    made = exported(objective(metric="throughput", aggregate="rate", operator="between", value=["60/m", "20/s"]))
    goals = [slo["spec"]["objectives"][0] for slo in slos(made)]
    assert [(goal["op"], goal["value"]) for goal in goals] == [("gte", 1.0), ("lte", 20.0)]
    assert len({slo["metadata"]["name"] for slo in slos(made)}) == 2


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"operator": "==", "value": 1, "metric": "door_open"}, "OpenSLO has no operator '=='"),
        ({"window": {"size": "90s"}}, "of windows of whole minutes alone"),
        ({"window": {"size": "100 reports"}}, "of windows of whole minutes alone"),
        ({"window": {"session": "30s"}}, "of windows of whole minutes alone"),
        ({"operator": "between", "value": ["1ms", "2ms"], "target": "99%"}, "OpenSLO has no range"),
        ({"target": "99%", "budgetWindow": "90s"}, "is not of whole minutes"),
    ],
)
def test_what_openslo_cannot_say_is_listed_and_not_written(fields: dict[str, Any], reason: str) -> None:
    made = exported(objective(**fields))
    assert made.documents == []
    ((address, field, why),) = made.left_out
    assert (address, field) == ("contract/door", "objectives.fast")
    assert reason in why


def test_fields_that_openslo_does_not_have_are_listed_one_by_one() -> None:
    fields = {
        "minSamples": 3, "missing": "broken", "for": "1m", "clear": "2m", "onViolation": "alert", "target": "99%",
        "burnRates": [{"long": "1h", "short": "5m", "factor": 14.4}],
    }  # fmt: skip
    made = exported(
        objective(**fields), effective={"from": "2026-01-01T00:00:00Z"}, lateness="5s", sinks=["prometheus"]
    )
    assert {field for _, field, _ in made.left_out} == {
        "effective", "lateness", "sinks", *(f"objectives.fast.{name}" for name in fields if name != "target"),
    }  # fmt: skip
    assert len(slos(made)) == 1


def test_documents_obey_the_specification() -> None:
    made = exported(
        objective(),
        objective("x" * 63, value=0.5, window={"size": "2h", "every": "10s"}),
        objective("share", metric="accuracy", aggregate="mean", operator=">", value="80%", target=0.9),
        objective("range", operator="between", value=["1ms", "2ms"]),
        objective("own", metric="late", operator="<", value=3, window={"size": "1d"}),
        metrics={"late": {"count": {"where": {"late": True}}}},
        tenant="Café & Co.",
    )
    services = {document["metadata"]["name"] for document in made.documents if document["kind"] == "Service"}
    assert services == {"hall"}
    assert len(slos(made)) == 6
    for document in made.documents:
        check(document, services)
    assert len({slo["metadata"]["name"] for slo in slos(made)}) == 6
    assert ("contract/door", "tenant", "OpenSLO has no such field") in made.left_out
    own = slos(made)[-1]["spec"]["indicator"]["spec"]["thresholdMetric"]["metricSource"]["spec"]
    assert own["expression"] == {"count": {"where": {"late": True}}}


def test_a_contract_over_several_pipelines_is_a_service_of_its_own() -> None:
    spec = {"pipelines": ["hall", "yard"], "objectives": [objective()]}
    made = openslo_documents([ObservationContract.model_validate({"metadata": {"name": "door"}, "spec": spec})])
    service, slo = made.documents
    assert (service["metadata"]["name"], slo["spec"]["service"]) == ("door", "door")
    source = slo["spec"]["indicator"]["spec"]["thresholdMetric"]["metricSource"]["spec"]
    assert source["pipelines"] == ["hall", "yard"]
    assert "pipeline" not in source
