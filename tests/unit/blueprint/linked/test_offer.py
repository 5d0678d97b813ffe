"""The offer of a pipeline names what its services report and can choose from; units follow from it."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.language.amounts import amount_of
from rohe_iac.blueprint.language.contract import Objective
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.linked.metric_units import fits, in_unit, unit_of
from rohe_iac.blueprint.linked.offer import offer_of

PIPELINE = Pipeline.model_validate(
    {
        "metadata": {"name": "shop"},
        "spec": {
            "services": [
                {"name": "camera", "reports": {"metrics": {"delay": {"unit": "ms"}, "size": {"unit": "bytes"}}}},
                {"name": "detect", "reports": {"metrics": {"delay": {"unit": "s"}}, "fields": ["correct"]},
                 "variants": [{"name": "small"}, {"name": "large"}]},
                {"name": "silent", "ensemble": {"members": [{"name": "svm"}]}},
            ]
        },
    }
)  # fmt: skip
OFFER = offer_of(PIPELINE)


def objective(metric: str, aggregate: str = "mean", service: str | None = None) -> Objective:
    return Objective.model_validate(
        {
            "metric": metric,
            "aggregate": aggregate,
            "operator": "<",
            "value": 1,
            "window": {"size": "5m"},
            "scope": {"service": service},
        }
    )


def test_an_offer_lists_reports_members_and_choices() -> None:
    assert OFFER.declared == {"delay", "size"}
    assert OFFER.fields == {"delay", "size", "correct"}
    assert OFFER.members == {"detect": {"small", "large"}, "silent": {"svm"}}
    assert OFFER.choices == {"detect"}
    assert (OFFER.silent, OFFER.mute) == (True, True)
    assert OFFER.of("silent") == ((), True)
    assert OFFER.of("camera") == (OFFER.services["camera"].reports.metrics, False)


@pytest.mark.parametrize(
    ("metric", "aggregate", "service", "unit"),
    [
        ("response_time", "p99", None, "s"),
        ("response_time", "rate", None, "rate"),
        ("size", "mean", None, "bytes"),
        ("delay", "mean", None, ""),
        ("delay", "mean", "camera", "ms"),
        ("delay", "count", "camera", "count"),
        ("share", "mean", None, "quotient"),
        ("loop", "mean", None, ""),
    ],
)
def test_a_metric_s_unit_is_that_of_its_declarations(
    metric: str, aggregate: str, service: str | None, unit: str
) -> None:
    trees = {"share": {"ratio": [{"count": {}}, {"count": {}}]}, "loop": {"metric": "loop"}}
    assert unit_of(objective(metric, aggregate, service), trees, OFFER) == unit


def test_a_threshold_fits_units_of_its_kind_and_is_converted() -> None:
    assert fits(amount_of("300ms"), "ms")
    assert not fits(amount_of("300ms"), "bytes")
    assert fits(amount_of("300ms"), "")
    assert fits(amount_of(0), "bytes")
    assert in_unit(amount_of("300ms"), "ms") == pytest.approx(300)
    assert in_unit(amount_of("15%"), "percent") == pytest.approx(15)
    assert in_unit(amount_of(7), "ms") == 7
