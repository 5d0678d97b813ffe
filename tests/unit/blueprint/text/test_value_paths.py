"""The path of the next value while a text is read."""

from __future__ import annotations

from rohe_iac.blueprint.text.value_paths import DROPPED, OuterContainer, path_below, value_path

ROOT: OuterContainer = (None, None, None, 0, None, None)


def test_a_path_goes_through_keys_and_indices() -> None:
    outer: OuterContainer = ({}, "spec", None, 0, None, ())
    assert value_path([ROOT, outer], [1, 2], None) == ("spec", 2)
    assert value_path([ROOT], {}, "spec") == ("spec",)
    assert path_below(("spec",), [1], None) == ("spec", 1)
    assert path_below(None, None, None) == ()


def test_a_value_of_a_bad_key_has_no_path() -> None:
    assert value_path([ROOT], {}, DROPPED) is None
    assert path_below((), {}, DROPPED) is None
