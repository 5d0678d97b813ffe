"""A contract holds from one moment to a later one."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rohe_iac.blueprint.language.promises.effective import Effective


def test_a_span_ends_after_it_begins() -> None:
    Effective.model_validate({"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"})
    with pytest.raises(ValidationError):
        Effective.model_validate({"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"})
