"""Claims about imports of contracts: what can be judged becomes an objective, the rest is listed, stays UNKNOWN."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from import_results import Importer, notes, reasons

from rohe_iac.importing.import_texts import ImportResult, InvalidImport
from rohe_iac.usecases.authoring.import_ import import_files


def contract(**parts: Any) -> dict[str, Any]:
    return {"contract": {"contract_id": "c", "pipeline_id": "p", **parts}}


def spec(result: ImportResult) -> dict[str, Any]:
    found: dict[str, Any] = result.documents[0]["spec"]
    return found


def test_every_field_of_the_four_sample_contracts_is_mapped(import_samples: Importer) -> None:
    names = ["bts", "cctvs", "object_classification", "smart_building"]
    result = import_samples(*(f"contract-{name}.yaml" for name in names))
    assert [len(document["spec"]["objectives"]) for document in result.documents] == [7, 7, 6, 8]
    assert reasons(result) == {}


def test_performance_objectives_get_their_units(import_samples: Importer) -> None:
    found = {entry["name"]: entry for entry in spec(import_samples("contract-cctvs.yaml"))["objectives"]}
    assert found["p99-response-time"] == {
        "name": "p99-response-time",
        "metric": "response_time",
        "aggregate": "p99",
        "operator": "<=",
        "value": "300ms",
        "window": {"size": "5m"},
    }
    assert found["throughput"]["value"] == "15/s"
    assert found["availability"]["value"] == "99%"


def test_true_and_false_of_filters_become_booleans(import_samples: Importer) -> None:
    metrics = spec(import_samples("contract-smart_building.yaml"))["metrics"]
    assert metrics["video_accuracy"] == {
        "ratio": [
            {"count": {"where": {"modality": "video", "correct": True}}},
            {"count": {"where": {"modality": "video"}}},
        ]
    }


def test_a_difference_within_a_report_is_to_be_reported_and_says_so(import_samples: Importer) -> None:
    result = import_samples("contract-bts.yaml")
    metric = "abs_difference_energy_forecast_kwh_actual_energy_kwh"
    assert spec(result)["metrics"]["forecast_mae"] == {"mean": {"of": metric}}
    assert spec(result)["metrics"]["prediction_variance"] == {"variance": {"of": "energy_forecast_kwh", "by": "model"}}
    assert f"as '{metric}'; until then the metric is UNKNOWN" in notes(result)


@pytest.mark.parametrize(
    ("expression", "tree"),
    [
        ({"type": "percentile", "field": "x", "percentile_value": "99"}, {"percentile": {"of": "x", "p": 99}}),
        ({"type": "avg", "operands": [{"type": "field", "field": "x"}]}, {"mean": {"of": "x"}}),
        (
            {
                "type": "difference",
                "operands": [{"type": "cdm_ref", "cdm_ref": "accuracy"}, {"type": "max", "field": "y"}],
            },
            {"difference": [{"metric": "consumer_accuracy"}, {"max": {"of": "y"}}]},
        ),
        ({"type": "count", "filters": {"confidence": "> 0.5"}}, {"count": {"where": {"confidence": {">": 0.5}}}}),
    ],
)
def test_expressions_become_trees_of_the_language(import_contents: Importer, expression: object, tree: object) -> None:
    definitions = {"accuracy": {"expression": {"type": "count"}}, "m": {"expression": expression}}
    result = import_contents({**contract(), "cdm_definitions": definitions})
    assert spec(result)["metrics"]["m"] == tree
    assert "consumer_accuracy" in spec(result)["metrics"]


@pytest.mark.parametrize(
    "expression", [{"type": "entropy"}, {"type": "ratio", "operands": [{"type": "count"}]}, {"type": "mean"}, {}]
)
def test_what_the_language_cannot_say_is_listed_and_stays_unknown(
    import_contents: Importer, expression: object
) -> None:
    definitions = {"m": {"expression": expression, "window": "1m"}}
    threshold = {"m": {"operator": "<", "value": 0.1}}
    result = import_contents({**contract(quality_slo={"cdm_thresholds": threshold}), "cdm_definitions": definitions})
    assert "metrics" not in spec(result)
    assert spec(result)["objectives"][0]["metric"] == "m"
    assert spec(result)["objectives"][0]["window"] == {"size": "1m"}
    listed = " ".join(reasons(result).values())
    assert "UNKNOWN" in listed or expression == {}


def test_a_threshold_that_nothing_can_judge_is_listed_and_kept_in_an_annotation(import_contents: Importer) -> None:
    thresholds = {"odd": {"operator": "!=", "value": 1}, "bare": {"value": 1}}
    result = import_contents(contract(quality_slo={"builtin_metrics": thresholds}))
    assert spec(result)["objectives"] == []
    assert all("stays UNKNOWN" in reason for reason in reasons(result).values())
    assert result.documents[0]["metadata"]["annotations"]["rohe.dev/not-measurable"] == "odd, bare"


def test_windows_and_actions_are_read_however_they_are_spelled(import_contents: Importer) -> None:
    thresholds = {
        "a": {"operator": ">=", "value": "0.8", "window": "5 min", "action_on_violation": "ALERT"},
        "b": {"operator": "Less_Than", "value": 1, "window": 90, "action_on_violation": "explode"},
        "c": {"operator": "<=", "value": "15%", "window": "soon"},
    }
    result = import_contents(contract(quality_slo={"builtin_metrics": thresholds}))
    found = spec(result)["objectives"]
    assert [entry["window"]["size"] for entry in found] == ["5m", "90s", "5m"]
    assert [entry["value"] for entry in found] == [0.8, 1, "15%"]
    assert found[0]["onViolation"] == "alert"
    assert "onViolation" not in found[1]
    assert reasons(result)["contract.quality_slo.builtin_metrics.b.action_on_violation"].startswith(
        "an objective has one action"
    )


def test_the_span_in_which_a_contract_holds_is_kept(import_contents: Importer) -> None:
    result = import_contents(contract(effective_from="2026-01-01", effective_until="2027-01-01T00:00:00Z", tenant_id=7))
    assert spec(result)["effective"] == {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}
    assert spec(result)["tenant"] == "7"
    with pytest.raises(InvalidImport, match="1 place"):
        import_contents(contract(effective_from="whenever"))


def test_a_contract_belongs_to_the_pipeline_that_is_imported_along_with_it(import_contents: Importer) -> None:
    services = {"data": {"Object_Detection": {"s": {"image": "a/b"}}}}
    result = import_contents(contract(pipeline_id="Object_Detection"), services)
    by_kind = {document["kind"]: document for document in result.documents}
    assert by_kind["ObservationContract"]["spec"]["pipeline"] == by_kind["Pipeline"]["metadata"]["name"]


def test_clauses_of_qoa4ml_without_a_metric_are_not_measurable(import_samples: Importer) -> None:
    result = import_samples("contract_v03_ensemble.json")
    clauses = [field for field, reason in reasons(result).items() if "not measurable" in reason]
    assert clauses == ["quality.security[0]", "quality.privacy[0]", "quality.interpretability[0]"]
    assert [entry["metric"] for entry in spec(result)["objectives"]] == [
        "confidence",
        "prediction_bias",
        "cost_per_1k_inferences",
    ]
    assert "security.encryption.types" in result.documents[0]["metadata"]["annotations"]["rohe.dev/not-measurable"]


def test_qoa4ml_operators_aggregates_ranges_and_units(import_samples: Importer) -> None:
    found = {entry["metric"]: entry for entry in spec(import_samples("contract_v03_sla.json"))["objectives"]}
    assert (found["response_time"]["operator"], found["response_time"]["value"]) == ("<=", "200ms")
    assert (found["image_width"]["operator"], found["image_width"]["value"]) == ("between", [320, 1920])
    assert found["image_width"]["aggregate"] == "min"
    # Clients report 99.5 for 99.5 %, and what services report is compared as they report it.
    assert found["reliability"]["value"] == 99


def test_qoa4ml_clauses_keyed_by_the_attribute_become_objectives(import_contents: Importer) -> None:
    quality = {
        "services": [
            {"ResponseTime": {"operators": "max", "unit": "s", "value": 0.05}},
            {"Availability": {"operators": "min", "unit": "%", "value": 99}},
            {"Reliability": {"operators": ["min", "max"], "unit": "%", "value": [90, 99]}},
        ],
        "data": [{"Accuracy": {"operators": "min", "unit": "%", "value": 95}}],
        "mlmodels": {"Accuracy": {"operators": "min", "value": 0.8}},
    }

    result = import_contents({"quality": quality})

    found = {each["metric"]: (each["operator"], each["value"]) for each in spec(result)["objectives"]}
    assert found == {
        "response_time": ("<=", "50ms"),
        "availability": (">=", "99%"),
        "Reliability": ("between", [90, 99]),
        "data_accuracy": (">=", 95),
        "accuracy": (">=", 0.8),
    }


def test_qoa4ml_clauses_beside_quality_are_objectives_or_stay_unknown(import_contents: Importer) -> None:
    result = import_contents(
        {
            "quality": {"services": [{"ResponseTime": {"operators": "max", "value": 1, "machinetypes": ["small"]}}]},
            "fairness": {"predictionbias": {"operators": ["max"], "unit": "percentage", "value": "5"}},
            "privacy": {"membershipinferencerisk": {"operators": ["min", "max"], "unit": "float", "value": "value"}},
            "security": {"encryption": {"types": ["end2end"]}},
            "stakeholders": [{"id": "p", "roles": "ml_provider"}, {"id": "u", "roles": "ml_user"}],
        }
    )
    assert [(each["metric"], each["operator"], each["value"]) for each in spec(result)["objectives"]] == [
        ("response_time", "<=", "1000ms"),
        ("predictionbias", "<=", 5),
    ]
    assert spec(result)["tenant"] == "u"
    unknown = result.documents[0]["metadata"]["annotations"]["rohe.dev/not-measurable"]
    assert "membershipinferencerisk" in unknown
    assert "encryption" in unknown
    told = reasons(result)
    assert "about all devices" in told["quality.services[0].ResponseTime.machinetypes"]
    assert "not measurable" in told["security"]


@pytest.mark.parametrize(
    ("attribute", "limit"),
    [
        ("Availability", {"operators": "max", "unit": "%", "value": 100}),
        ("Reliability", {"operators": "max", "unit": "%", "value": "100%"}),
        ("ResponseTime", {"operators": "min", "unit": "s", "value": 0}),
        ("Reliability", {"operators": ["min", "max"], "unit": "%", "value": [0, 100]}),
    ],
)
def test_a_qoa4ml_limit_that_every_value_keeps_is_listed_and_not_written(
    import_contents: Importer, attribute: str, limit: dict[str, Any]
) -> None:
    kept = {"Throughput": {"operators": "min", "value": 5}}

    result = import_contents({"quality": {"services": [{attribute: limit}, kept]}})

    assert [each["metric"] for each in spec(result)["objectives"]] == ["throughput"]
    assert any("every value of the metric keeps this limit" in reason for reason in reasons(result).values())


def test_settings_become_the_stack_s_planner(import_samples: Importer) -> None:
    result = import_samples("orchestrationConfig.yaml")
    assert spec(result)["planner"] == {
        "strategy": "worst-fit",
        "weights": {"cpu": 1, "memory": 1},
        "queue": {"priority": "none", "balance": 3},
    }
    assert "swapped" in notes(result)
    assert "never copied" in reasons(result)["db_authentication"]


def test_settings_of_which_nothing_maps_make_no_document(import_samples: Importer) -> None:
    result = import_samples("observationConfig.yaml")
    assert result.documents == ()
    assert len(reasons(result)) == 11


def test_model_profiles_become_variants_with_their_accuracy(import_contents: Importer) -> None:
    result = import_contents(
        {"id-1": {"model_name": "YOLO_v8n", "overall": {"accuracy": 0.55}, "class_specific": {"0": {"accuracy": 1}}}}
    )
    service = spec(result)["services"][0]
    assert service["variants"] == [{"name": "yolo-v8n", "accuracy": 0.55}]
    assert list(reasons(result)) == ["id-1.class_specific"]


def test_models_of_different_types_are_no_alternatives_of_each_other(import_samples: Importer) -> None:
    services = spec(import_samples("performance_data_sample.yaml"))["services"]
    assert [len(service["variants"]) for service in services] == [1, 4]


def test_a_profile_of_nothing_among_others_is_listed(import_contents: Importer) -> None:
    good = {"model_name": "a", "overall": {"accuracy": 0.5}}
    result = import_contents({"m1": good, "m2": good | {"model_name": "b"}, "m3": None})
    assert len(spec(result)["services"][0]["variants"]) == 2
    assert reasons(result)["m3"].startswith("empty")


def test_measured_times_are_listed_with_what_they_lack(import_samples: Importer) -> None:
    listed = reasons(import_samples("performance_data_sample.yaml"))
    assert "mean, p50 and p99" in listed["X3D_S.data.jetson_nano.GPU.response_time.percentize_90"]
    assert "simulates" in listed["X3D_S.data.jetson_orin_super.GPU.response_time.noise_scale"]
    assert "follows from the service times" in listed["X3D_S.data.jetson_nano.CPU.throughput"]


def test_metrics_that_refer_to_nothing_or_to_themselves_still_give_a_contract_that_validates(
    import_contents: Importer, tmp_path: Path
) -> None:
    def ref(name: str) -> dict[str, str]:
        return {"type": "cdm_ref", "cdm_ref": name}

    definitions = {
        "a": {"expression": {"type": "ratio", "operands": [ref("b"), ref("unheard_of")]}},
        "b": {"expression": {"type": "difference", "operands": [ref("a"), {"type": "count"}]}},
    }
    content = {**contract(), "cdm_definitions": definitions}
    result = import_contents(content)
    assert spec(result)["metrics"] == {"b": {"difference": [{"mean": {"of": "a"}}, {"count": {}}]}}
    assert "made of itself" in reasons(result)["cdm_definitions.a.expression"]
    (tmp_path / "c.json").write_text(json.dumps(content))
    assert import_files(tmp_path, [Path("c.json")]).imported.documents == result.documents


def test_thresholds_with_units_and_of_ratios_above_one_are_taken_as_meant(import_contents: Importer) -> None:
    thresholds = {
        "response_time": {"operator": "<=", "value": "300ms"},
        "accuracy": {"operator": ">=", "value": 80},
        "gap": {"operator": ">", "value": -0.5},
        "valid": {"operator": "==", "value": True},
        "odd": {"operator": "<", "value": "soon"},
    }
    result = import_contents(contract(quality_slo={"builtin_metrics": thresholds}))
    assert {entry["metric"]: entry["value"] for entry in spec(result)["objectives"]} == {
        "response_time": "300ms",
        "accuracy": "80%",
        "gap": -0.5,
        "valid": 1,
    }
    assert "found 'soon'; it stays UNKNOWN" in reasons(result)["contract.quality_slo.builtin_metrics.odd"]


def test_a_performance_target_that_rohe_does_not_measure_is_listed_and_kept(import_contents: Importer) -> None:
    targets = {"response_time_p50_ms": 50, "energy_joules": 5, "response_time": {"p99": 3}, "throughput_rps": -1}
    result = import_contents(contract(performance_slo=targets))
    assert [entry["name"] for entry in spec(result)["objectives"]] == ["p50-response-time"]
    assert "rohe measures" in reasons(result)["contract.performance_slo.energy_joules"]
    assert result.documents[0]["metadata"]["annotations"]["rohe.dev/not-measurable"] == (
        "energy_joules, response_time, throughput_rps"
    )
    assert "below 0" in reasons(result)["contract.performance_slo.throughput_rps"]


def test_a_contract_without_a_tenant_takes_the_consumer_among_its_stakeholders(import_contents: Importer) -> None:
    result = import_contents(contract(stakeholders=[{"id": "a", "role": "provider"}, {"id": "b", "role": "consumer"}]))
    assert spec(result)["tenant"] == "b"


def test_parts_of_a_contract_that_are_of_another_kind_or_unknown_are_listed_with_a_reason(
    import_contents: Importer,
) -> None:
    result = import_contents(
        {**contract(performance_slo="fast", quality_slo=[1], penalty={"eur": 5}), "cdm_definitions": "none"}
    )
    listed = reasons(result)
    assert "mapping" in listed["contract.performance_slo"]
    assert "mapping" in listed["cdm_definitions"]
    assert "rohe has no such field" not in listed.values()
    assert set(listed) == {"contract.performance_slo", "contract.quality_slo", "contract.penalty", "cdm_definitions"}
