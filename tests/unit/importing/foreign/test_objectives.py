"""Claims about what contracts of all formats share."""

from __future__ import annotations

import pytest
from import_results import field_of

from rohe_iac.importing.foreign.drafts import Drafts
from rohe_iac.importing.foreign.objectives import (
    Unjudgeable,
    bounds_of,
    consumer_of,
    draft_contract,
    make_objective,
    metric_names,
    operator_of,
    ratio_bounds,
    window_of,
)


@pytest.mark.parametrize(
    ("text", "operator"), [("<=", "<="), ("Less_Than", "<"), ("GEQ", ">="), ("range", "between"), ("!=", None)]
)
def test_an_operator_is_found_in_any_spelling(text: str, operator: str | None) -> None:
    assert operator_of(field_of(text)) == operator


@pytest.mark.parametrize(
    ("value", "window"),
    [(90, "90s"), ("5 min", "5m"), ("2 requests", "2 reports"), ("soon", None), (0, None), ("1e9 years", None)],
)
def test_a_window_is_a_length_or_none(value: object, window: str | None) -> None:
    assert window_of(field_of(value)) == window


def test_a_metric_that_has_the_name_of_a_built_in_one_gets_another() -> None:
    names = metric_names(["accuracy", "consumer_accuracy", "energy"])
    assert names["energy"] == "energy"
    assert names["accuracy"] not in ("accuracy", "consumer_accuracy")


def test_bounds_are_a_value_or_both_ends_of_a_range() -> None:
    assert bounds_of(field_of("300ms"), "<=") == "300ms"
    assert bounds_of(field_of(True), "==") == 1
    assert bounds_of(field_of({"low": 1, "high": 2.5}), "between") == [1, 2.5]
    for value in ([2, 1], [1], "soon"):
        with pytest.raises(Unjudgeable):
            bounds_of(field_of(value), "between")


def test_bounds_of_a_ratio_above_one_are_percent() -> None:
    field = field_of(80)
    assert ratio_bounds(80, field) == "80%"
    assert ratio_bounds([70, 80], field) == ["70%", "80%"]
    assert ratio_bounds([0.5, 1], field) == [0.5, 1]
    assert ratio_bounds("80%", field) == "80%"


def test_an_objective_leaves_out_its_defaults() -> None:
    assert make_objective("a", "m", "<", 1, "5m") == {
        "name": "a",
        "metric": "m",
        "operator": "<",
        "value": 1,
        "window": {"size": "5m"},
    }
    assert make_objective("a", "m", "<", 1, "5m", aggregate="p99", action="alert")["onViolation"] == "alert"


def test_the_consumer_is_the_first_stakeholder_of_that_role() -> None:
    people = [{"id": "p", "role": "provider"}, {"id": "c", "roles": ["ML_consumer"]}, {"id": "d", "role": "consumer"}]
    consumer = consumer_of(field_of({"stakeholders": people}))
    assert consumer is not None
    assert consumer.text == "c"
    assert consumer_of(field_of({"stakeholders": people[:1]})) is None


def test_a_contract_without_a_pipeline_says_so() -> None:
    drafts, field = Drafts(), field_of({"id": "My SLA"})
    draft = draft_contract(drafts, field, field.get("id"), None, "contract")
    assert (draft.name, draft.annotations) == ("my-sla", {"rohe.dev/original-name": "My SLA"})
    assert drafts.contracts == [draft]
    assert "names no pipeline" in field.journal.notes[0][1]
