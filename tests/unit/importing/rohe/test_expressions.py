"""Claims about consumer-defined metrics as expression trees."""

from __future__ import annotations

import pytest
from import_results import field_of

from rohe_iac.importing.rohe.expressions import Inexpressible, expression_of, resolve_references


def test_an_aggregate_has_its_filters_and_its_percentile() -> None:
    tree = {"type": "percentile", "field": "latency", "percentile_value": 99.5, "filters": {"ok": "true", "n": ">= 2"}}
    assert expression_of(field_of(tree), {}) == {
        "percentile": {"of": "latency", "where": {"ok": True, "n": {">=": 2}}, "p": 99.5}
    }


def test_a_reference_gets_the_new_name_of_the_metric() -> None:
    assert expression_of(field_of({"type": "cdm_ref", "cdm_ref": "accuracy"}), {"accuracy": "mine"}) == {
        "metric": "mine"
    }


@pytest.mark.parametrize(
    "tree",
    [
        {"type": "odd"},
        {"type": "ratio", "operands": ["a"]},
        {"type": "percentile", "field": "a", "p": 100},
        {"type": "mean", "field": "a", "by": "b"},
        {"type": "count", "filters": {"a": [1, 2]}},
    ],
)
def test_what_the_language_has_not_is_inexpressible(tree: object) -> None:
    with pytest.raises(Inexpressible):
        expression_of(field_of(tree), {})


def test_references_in_a_circle_are_left_out_and_others_are_to_be_reported() -> None:
    trees = {"a": {"ratio": [{"metric": "b"}, {"count": {}}]}, "b": {"metric": "a"}, "c": {"metric": "energy"}}
    kept, circular, reported = resolve_references(trees)
    assert set(kept) | set(circular) == {"a", "b", "c"}
    assert len(circular) == 1
    assert "energy" in reported
    assert kept["c"] == {"mean": {"of": "energy"}}
