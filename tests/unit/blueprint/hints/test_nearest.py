"""The nearest name is found by edits, and no name is guessed where none is near."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rohe_iac.blueprint.hints.nearest import MAX_NAMES, did_you_mean, nearest

NAMES = ["replicas", "requests", "limits", "image", "maxPerDomain"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("replcas", "replicas"), ("Requests", "requests"), ("imgae", "image"), ("max_per_domain", "maxPerDomain"),
     ("max-per-domain", "maxPerDomain"), ("zebra", ""), ("", "")],
)  # fmt: skip
def test_the_nearest_name_is_a_few_edits_away(written: str, meant: str) -> None:
    assert nearest(written, NAMES) == meant


def test_without_a_near_name_the_few_names_are_listed() -> None:
    assert did_you_mean("zebra", ["b", "a"]) == "there are: a, b"
    assert did_you_mean("zebra", ["a"]) == "there is: a"
    assert did_you_mean("zebra", [f"name-{n}" for n in range(13)]) == ""


def test_among_too_many_names_none_is_searched() -> None:
    assert did_you_mean("name-1", [f"name-{n}" for n in range(MAX_NAMES + 1)]) == ""


@given(
    st.lists(
        st.text("abcxyz-", min_size=3, max_size=12), min_size=1, max_size=8, unique_by=lambda n: n.replace("-", "")
    )
)
def test_a_name_is_nearest_to_itself(names: list[str]) -> None:
    assert [nearest(name, names) for name in names] == names
