"""What selectors and preferences ask of labels, as the planner has it."""

from __future__ import annotations

from rohe_iac.blueprint.language.placement import PlacementRules
from rohe_iac.planning.from_blueprint.node_labels import node_preferences, selected_labels
from rohe_iac.planning.model.demand import LabelMatch, NodePreference


def test_single_values_are_pairs_and_all_else_are_matches() -> None:
    selector = {"zone": "a", "disk": ["ssd"], "rack": ["1", "2"], "node": "pi-1", "camera": {"exists": True}}
    rules = PlacementRules.model_validate({"nodeSelector": selector})
    pairs, matches = selected_labels(rules.node_selector)
    assert pairs == (("disk", "ssd"), ("zone", "a"))
    assert matches == (
        LabelMatch("camera", "Exists"),
        LabelMatch("node", "In", ("pi-1",)),
        LabelMatch("rack", "In", ("1", "2")),
    )
    assert selected_labels({}) == ((), ())


def test_preferences_are_in_one_order_however_they_are_written() -> None:
    entries = [
        {"nodeSelector": {"node": {"not": "pi-1"}}, "weight": 2},
        {"nodeSelector": {"disk": "ssd", "zone": {"not": ["b", "a"]}}},
    ]
    rules = [PlacementRules.model_validate({"prefer": listed}).prefer for listed in (entries, entries[::-1])]
    assert node_preferences(rules[0]) == node_preferences(rules[1])
    assert node_preferences(rules[0]) == (
        NodePreference((), 2, (LabelMatch("node", "NotIn", ("pi-1",)),)),
        NodePreference((("disk", "ssd"),), 1, (LabelMatch("zone", "NotIn", ("a", "b")),)),
    )
