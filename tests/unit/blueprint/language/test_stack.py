"""A stack has one target, one broker and one store, with defaults for each."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from rohe_iac.blueprint.language.stack import StackSpec

NEEDED: dict[str, Any] = {"pipelines": ["p"], "inventory": "i"}


def test_the_defaults_are_local_processes_an_embedded_broker_and_sqlite() -> None:
    spec = StackSpec.model_validate(NEEDED)
    assert spec.target.local is not None
    assert spec.broker.embedded is not None
    assert spec.store.sqlite is not None
    assert StackSpec.model_validate({**NEEDED, "store": {"retention": "1d"}}).store.sqlite is not None


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ({"target": {"local": {}, "kubernetes": {}}}, "R116"),
        ({"broker": {}}, "R116"),
        ({"broker": {"url": "http://host"}}, "R119"),
        ({"target": {"local": {"ports": "80-90"}}}, "R117"),
        ({"modules": [{"name": "m", "source": "m", "prefix": "Cam_"}]}, "R111"),
        ({"pipelines": []}, "too_short"),
    ],
)
def test_a_contradiction_is_refused_with_its_code(part: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        StackSpec.model_validate({**NEEDED, **part})
    assert [error["type"] for error in caught.value.errors()] == [code]


def test_a_broker_s_secret_may_be_named_alone() -> None:
    broker = {"url": "mqtts://host:8883", "credentials": {"secret": "broker"}}
    credentials = StackSpec.model_validate({**NEEDED, "broker": broker}).broker.credentials
    assert credentials is not None
    assert getattr(credentials.secret, "name", None) == "broker"
