"""Predicted response times in words."""

from __future__ import annotations

from rohe_iac.cli.views.plans.prediction import predicted_time, row_of, shown_prediction, shown_time
from rohe_iac.planning.questions.analysis.response_times import Prediction

FAST = Prediction("sla/fast", 1_200_000, 1_104_000, 8_000, 733, "service/p:camera", "service/p:detection")


def test_a_prediction_is_one_line_with_limit_links_slack_and_path() -> None:
    assert (
        shown_prediction(FAST) == "sla/fast: 1112 ms of 1200 ms, 8 ms of it on links (7.3 % slack), camera to detection"
    )


def test_a_late_prediction_says_by_how_much() -> None:
    late = row_of(Prediction("sla/fast", 100_000, 150_000, 0, -5000, "service/p:camera", "service/p:camera"))
    assert (late.late, late.slack, late.path, late.links) == (True, "50.0 % too slow", "camera", "")


def test_times_below_ten_milliseconds_have_decimals() -> None:
    assert shown_time(9_500) == "9.5 ms"
    assert shown_time(10_400) == "10 ms"
    assert predicted_time(FAST) == "1112 ms"


def test_an_overloaded_service_has_no_time_but_says_how_busy_it_is() -> None:
    overloaded = Prediction(
        "sla/fast", 400_000, None, 0, None, "service/p:detect", "service/p:detect", workloads=("service/p:detect",),
        overload=112,
    )  # fmt: skip
    row = row_of(overloaded)
    assert (row.predicted, row.slack, row.late) == ("overloaded: 112 % busy", "not met", True)
    line = "sla/fast: overloaded: 112 % busy, so the limit of 400 ms cannot be met, detect"
    assert shown_prediction(overloaded) == line
