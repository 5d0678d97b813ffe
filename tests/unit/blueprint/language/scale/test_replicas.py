"""Replicas as people write them: numbers, words, percentages, and what they meant where it is none of these."""

import pytest
from pydantic import TypeAdapter, ValidationError

from rohe_iac.blueprint.language.scale.replicas import Replicas, node_share, shown_share

READER: TypeAdapter[int | str] = TypeAdapter(Replicas)


@pytest.mark.parametrize(
    ("written", "share"),
    [(0, 0), (3, 0), ("auto", 0), ("perNode", 10_000), ("100%", 10_000), ("25%", 2_500), (" 2.5 % ", 250)],
)
def test_a_number_word_or_percentage_is_read(written: object, share: int) -> None:
    assert node_share(READER.validate_python(written)) == share


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("2", "write 2 without quotes"),
        ("per-node", "write perNode"),
        ("pernode", "write perNode"),
        ("every node", "write perNode"),
        ("0%", "a percentage of the nodes is above 0% and at most 100%"),
        ("140%", "a percentage of the nodes is above 0% and at most 100%"),
        (0.25, "write 25% for that part of the nodes"),
        ("many", "write 2, auto, perNode, or 25% of the nodes"),
        (True, "write 2, auto, perNode, or 25% of the nodes"),
        (-1, "write 2, auto, perNode, or 25% of the nodes"),
    ],
)
def test_what_was_meant_is_said(written: object, hint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        READER.validate_python(written)
    (error,) = caught.value.errors()
    assert (error["type"], error["ctx"]["hint"]) == ("R108", hint)


def test_a_share_is_shown_as_it_is_written() -> None:
    assert [shown_share(share) for share in (10_000, 2_500, 250)] == ["perNode", "25%", "2.5%"]
