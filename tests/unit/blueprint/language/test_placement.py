"""The fields of placement rules, and what each of them is by default."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rohe_iac.blueprint.language.base import Model
from rohe_iac.blueprint.language.placement import Affinity, PlacementRules, Spread
from rohe_iac.blueprint.schema.descriptions import FIELDS
from rohe_iac.blueprint.schema.placement_descriptions import PLACEMENT_FIELDS


def test_rules_are_required_and_about_single_nodes_by_default() -> None:
    rules = PlacementRules.model_validate({"avoid": [{"service": "a"}], "spread": [{"topologyKey": "zone"}]})
    assert rules.avoid == (Affinity(service="a", topology_key="node", required=True),)
    assert rules.spread == (Spread(topology_key="zone"),)
    assert [rule.limit for rule in rules.spread] == [1]
    assert issubclass(PlacementRules, Model)


def test_the_meaning_of_placement_fields_is_part_of_the_language() -> None:
    assert set(PLACEMENT_FIELDS) <= set(FIELDS)


def test_a_skew_stands_in_place_of_a_limit_and_alone_may_be_preferred() -> None:
    skew = Spread.model_validate({"topologyKey": "zone", "maxSkew": 2, "required": False})
    assert (skew.limit, skew.max_skew) == (None, 2)
    assert Spread.model_validate({"topologyKey": "zone", "maxSkew": 2, "maxPerDomain": 3}).limit == 3
    for other in ({}, {"maxPerDomain": 1}, {"maxSkew": 1, "maxPerDomain": 1}):
        with pytest.raises(ValidationError, match="required: false is about maxSkew alone"):
            Spread.model_validate({"topologyKey": "zone", "required": False, **other})
