"""The fields of placement rules, and what each of them is by default."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rohe_iac.blueprint.language.base import Model
from rohe_iac.blueprint.language.placement import (
    Affinity,
    PlacementRules,
    Spread,
    WantedValues,
    joined_label,
    requirements_of,
)
from rohe_iac.blueprint.schema.descriptions import FIELDS
from rohe_iac.blueprint.schema.placement_descriptions import PLACEMENT_FIELDS
from rohe_iac.blueprint.text.reader import read_plain


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


SELECTOR = {
    "zone": "a",
    "disk": ["ssd", "nvme", "ssd"],
    "rack": {"not": "r1"},
    "node": {"not": ["pi-2", "pi-1"]},
    "camera": {"exists": True},
    "gpu": {"exists": False},
}


def test_a_selector_is_a_list_of_requirements_in_the_order_of_labels() -> None:
    rules = PlacementRules.model_validate({"nodeSelector": SELECTOR, "prefer": [{"nodeSelector": SELECTOR}]})
    expected = [
        WantedValues("camera", "Exists"),
        WantedValues("disk", "In", ("nvme", "ssd")),
        WantedValues("gpu", "DoesNotExist"),
        WantedValues("node", "NotIn", ("pi-1", "pi-2")),
        WantedValues("rack", "NotIn", ("r1",)),
        WantedValues("zone", "In", ("a",)),
    ]
    assert list(requirements_of(rules.node_selector)) == expected
    assert list(requirements_of(rules.prefer[0].node_selector)) == expected


@pytest.mark.parametrize(
    ("wanted", "a", "b", "absent"),
    [
        ("a", True, False, False),
        (["a", "b"], True, True, False),
        ({"not": "a"}, False, True, True),
        ({"not": ["a", "b"]}, False, False, True),
        ({"exists": True}, True, True, False),
        ({"exists": False}, False, False, True),
    ],
)
def test_a_node_without_a_label_has_no_value_of_it(wanted: object, a: bool, b: bool, absent: bool) -> None:
    rules = PlacementRules.model_validate({"nodeSelector": {"zone": wanted}})
    (requirement,) = requirements_of(rules.node_selector)
    assert [requirement.holds(value) for value in ("a", "b", None)] == [a, b, absent]


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ({"in": ["a", "yes"]}, '[a, "yes"]'),
        ({"NotIn": ["b"]}, "{not: [b]}"),
        ({"!=": "b"}, "{not: [b]}"),
        ({"operator": "In", "values": ["a", "b"]}, "[a, b]"),
        ({"operator": "Exists"}, "{exists: true}"),
        ({"DoesNotExist": True}, "{exists: false}"),
    ],
)
def test_a_condition_of_another_tool_is_told_as_it_is_written_here(wanted: object, hint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        PlacementRules.model_validate({"nodeSelector": {"zone": wanted}})
    (error,) = caught.value.errors()
    assert (error["type"], error["ctx"]["hint"]) == ("R106", f"write it as {hint}")
    (document,) = read_plain(hint).documents
    PlacementRules.model_validate({"nodeSelector": {"zone": document.value}})


@pytest.mark.parametrize("wanted", [[], {}, {"not": []}, {"not": "a", "exists": True}, {"exists": "yes"}, 3, None])
def test_a_label_is_one_value_several_or_one_condition(wanted: object) -> None:
    with pytest.raises(ValidationError):
        PlacementRules.model_validate({"nodeSelector": {"zone": wanted}})


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("a", "a", "a"),
        ("a", ["b", "a"], ["a"]),
        ("a", "b", None),
        (["a", "b", "c"], {"not": "b"}, ["a", "c"]),
        (["a", "b"], {"exists": True}, ["a", "b"]),
        (["a", "b"], {"exists": False}, None),
        ({"not": "a"}, {"not": ["b", "a"]}, {"not": ["a", "b"]}),
        ({"not": "a"}, {"exists": True}, None),
        ({"exists": True}, {"exists": True}, {"exists": True}),
    ],
)
def test_two_selectors_ask_for_one_label_together(one: object, other: object, both: object) -> None:
    labels = {"one": one, "other": other, **({"both": both} if both is not None else {})}
    read = PlacementRules.model_validate({"nodeSelector": labels}).node_selector
    assert joined_label(read["one"], read["other"]) == read.get("both")
    assert joined_label(read["other"], read["one"]) == read.get("both")
