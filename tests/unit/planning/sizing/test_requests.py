"""Claims about the amounts that a blueprint itself writes."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.language.pipeline import Requests
from rohe_iac.planning.sizing.requests import has_amounts


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        ({}, False),
        ({"cpu": 0}, False),
        ({"cpu": "100m"}, True),
        ({"cores": ["500m"]}, True),
        ({"memory": {"rss": "1Mi"}}, True),
        ({"accelerators": {"gpu": {"count": 1}}}, True),
    ],
)
def test_any_amount_counts(requests: dict[str, object], expected: bool) -> None:
    assert has_amounts(Requests.model_validate(requests)) is expected
