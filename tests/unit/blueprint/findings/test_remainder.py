"""A remainder shrinks without touching the original, and remembers where its parts were."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.findings.remainder import UNNAMED, Remainder


def document() -> dict[str, Any]:
    return {
        "metadata": {"name": "p"},
        "spec": {"services": [{"name": "a"}, {"name": "b", "cpu": {"name": "inner"}}, {"name": "c"}], "load": 1},
    }


def test_a_removed_item_shifts_the_paths_of_those_behind_it() -> None:
    value = document()
    remainder = Remainder(value)
    assert remainder.remove([("spec", "services", 1)])
    assert [service["name"] for service in remainder.value["spec"]["services"]] == ["a", "c"]
    assert remainder.original(("spec", "services", 1, "name")) == ("spec", "services", 2, "name")
    assert remainder.names == {"b", "inner", "name", "cpu"}
    assert value == document()


def test_what_was_lost_is_known_by_its_original_path() -> None:
    remainder = Remainder(document())
    assert remainder.remove([("spec", "load")])
    assert remainder.was_removed(("spec", "load"))
    assert remainder.lost_below(("spec",))
    assert not remainder.lost_below(("spec", "services"))
    assert remainder.has_changed(("spec",), ["load"])
    assert not remainder.has_changed(("spec",), ["flow"])


def test_a_surplus_part_loses_nothing() -> None:
    remainder = Remainder(document())
    assert remainder.remove([("spec", "load")], frozenset({("spec", "load")}))
    assert remainder.was_surplus(("spec",))
    assert not remainder.lost_below(("spec",))


def test_a_substitute_is_put_once() -> None:
    remainder = Remainder(document())
    assert remainder.substitute(("spec", "inventory"), UNNAMED)
    assert remainder.value["spec"]["inventory"] == f"{UNNAMED}-1"
    assert remainder.is_substitute(("spec", "inventory"))
    assert not remainder.substitute(("spec", "inventory"), UNNAMED)


def test_without_its_metadata_a_document_is_unnamed_and_without_its_spec_nothing() -> None:
    remainder = Remainder(document())
    assert remainder.remove([("metadata", "name")])
    assert remainder.value["metadata"]["name"] == UNNAMED
    assert not remainder.remove([("spec",)])
