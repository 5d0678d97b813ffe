"""The fields of placement rules, and what each of them is by default."""

from __future__ import annotations

from rohe_iac.blueprint.language.base import Model
from rohe_iac.blueprint.language.placement import Affinity, PlacementRules, Spread
from rohe_iac.blueprint.schema.descriptions import FIELDS
from rohe_iac.blueprint.schema.placement_descriptions import PLACEMENT_FIELDS


def test_rules_are_required_and_about_single_nodes_by_default() -> None:
    rules = PlacementRules.model_validate({"avoid": [{"service": "a"}], "spread": [{"topologyKey": "zone"}]})
    assert rules.avoid == (Affinity(service="a", topology_key="node", required=True),)
    assert rules.spread == (Spread(topology_key="zone", max_per_domain=1),)
    assert issubclass(PlacementRules, Model)


def test_the_meaning_of_placement_fields_is_part_of_the_language() -> None:
    assert set(PLACEMENT_FIELDS) <= set(FIELDS)
