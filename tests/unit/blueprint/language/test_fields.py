"""The fields and values of a place are looked up in the models."""

from __future__ import annotations

from rohe_iac.blueprint.language.fields import annotations_at, fields_at, literals_at, unwrap_annotation
from rohe_iac.blueprint.language.inventory import Inventory, Taint
from rohe_iac.blueprint.language.pipeline import Pipeline


def test_fields_are_named_as_yaml_has_them() -> None:
    assert {"cpu", "cores", "memory", "accelerators", "disk", "network"} == fields_at(
        Pipeline, ("spec", "services", 3, "requests")
    )
    assert {"maxPerDomain", "maxSkew", "required", "topologyKey"} == fields_at(
        Pipeline, ("spec", "services", 0, "placement", "spread", 0)
    )
    assert fields_at(Pipeline, ("kind",)) == set()


def test_branches_of_a_union_are_no_steps() -> None:
    assert fields_at(Pipeline, ("spec", "services", 0, "env", "A", "<mapping>")) == {"secret"}


def test_the_values_and_types_of_a_place_are_known() -> None:
    taint = ("spec", "nodes", 0, "taints", 0)
    assert annotations_at(Inventory, taint) == [Taint]
    assert set(literals_at(Inventory, (*taint, "effect"))) == {"NoSchedule", "PreferNoSchedule", "NoExecute"}
    assert list(unwrap_annotation(int | str | None)) == [int, str, type(None)]
