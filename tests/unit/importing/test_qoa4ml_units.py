"""Claims about units of thresholds of QoA4ML."""

from __future__ import annotations

from import_results import dropped, field_of

from rohe_iac.importing.qoa4ml_units import with_unit


def test_own_metrics_are_converted_and_units_of_reported_ones_are_told() -> None:
    place = field_of({"unit": "minutes"})
    unit = place.get("unit")
    assert with_unit(place, "response_time", 2, unit) == "120000ms"
    assert dropped(place) == {}
    assert with_unit(place, "Freshness", [1, 2], unit) == [1, 2]
    assert "'minutes'" in dropped(place)["unit"]
