"""A profile is read with its units, and times that cannot be are refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from rohe_iac.blueprint.language.profile import AtLoad, ProfileForm, Times

TIMES = {"mean": "12ms", "p50": "10ms", "p99": "40ms"}


def test_a_profile_is_normalised() -> None:
    profile = ProfileForm.model_validate(
        {
            "service": "camera",
            "demand": [{"load": "10/s", "cpu": "300m", "memory": "64Mi"}],
            "serviceTime": {"any": {"alone": TIMES}},
        }
    )
    assert profile.demand == (AtLoad.model_construct(load=10.0, cpu=300, memory=64 * 2**20),)
    alone = profile.service_time["any"].alone
    assert alone is not None
    assert (alone.mean, alone.p50, alone.p99) == (0.012, 0.01, 0.04)


@pytest.mark.parametrize("field", TIMES)
def test_a_time_of_nothing_is_refused(field: str) -> None:
    wrong: dict[str, Any] = {**TIMES, field: 0}
    with pytest.raises(ValidationError, match="greater than 0"):
        Times.model_validate(wrong)
