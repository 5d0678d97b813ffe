"""Hints that name the text to write, and those that are instructions."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.hints.change import HintedPart, change_of


@pytest.mark.parametrize(
    ("hint", "part", "text"),
    [
        ("did you mean 'replicas'?", HintedPart.VALUE, "replicas"),
        ("did you mean '<='? (one of: <, <=)", HintedPart.VALUE, "<="),
        ('did you mean ">="? (one of: <, >=)', HintedPart.VALUE, '">="'),
        ("did you mean 250ms?", HintedPart.VALUE, "250ms"),
        ('write it as "010"', HintedPart.VALUE, '"010"'),
        ("write it as {path: /data, emptyDir: 1Gi}", HintedPart.VALUE, "{path: /data, emptyDir: 1Gi}"),
        ("write 8 without quotes", HintedPart.VALUE, "8"),
        ("'edge-lab' would do", HintedPart.VALUE, "edge-lab"),
        ("leave it out: what ends is started again", HintedPart.ENTRY, ""),
    ],
)
def test_a_hint_names_its_change(hint: str, part: HintedPart, text: str) -> None:
    change = change_of(hint)
    assert change is not None
    assert (change.kind, change.text) == (part, text)


def test_the_key_is_changed_where_it_is_at_fault() -> None:
    for hint in ("did you mean 'env'?", "here it is env"):
        change = change_of(hint, on_key=True)
        assert change is not None
        assert (change.kind, change.text) == (HintedPart.KEY, "env")


@pytest.mark.parametrize(
    "hint",
    [
        "",
        "did you mean 10ms or 10s?",
        "did you mean 'services' under 'spec'?",
        "write it as a mapping: {NAME: ...}",
        "for example 512Mi",
        "there are: a, b",
        "here it is readiness, under health",
    ],
)
def test_an_instruction_names_no_change(hint: str) -> None:
    assert change_of(hint, on_key=True) is None
