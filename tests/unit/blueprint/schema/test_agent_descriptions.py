"""The fields about agents: what is taken, and that each is described."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rohe_iac.blueprint.language.stack import Agents
from rohe_iac.blueprint.schema.agent_descriptions import AGENT_FIELDS
from rohe_iac.blueprint.schema.descriptions import FIELDS


def test_every_field_of_agents_is_described_as_part_of_the_language() -> None:
    names = {f"Agents.{field.alias or name}" for name, field in Agents.model_fields.items()}
    assert names == set(AGENT_FIELDS)
    assert set(AGENT_FIELDS) <= set(FIELDS)


def test_agents_are_near_their_services_or_anywhere() -> None:
    assert Agents.model_validate({"perPipeline": 3, "near": "services"}).near == "services"
    assert Agents.model_validate({}).near is None
    with pytest.raises(ValidationError):
        Agents.model_validate({"near": "zone"})
