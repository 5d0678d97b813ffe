"""Claims about label selectors: they mean what they mean to kubectl."""

from __future__ import annotations

import pytest

from rohe_iac.foundation.errors import UsageError
from rohe_iac.importing.cluster.selector import parse_selector

LABELS = {"zone": "a", "example.com/tier": "edge", "gpu": ""}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", True),
        ("zone=a", True),
        ("zone == a , gpu", True),
        ("zone=b", False),
        ("zone!=b", True),
        ("missing!=b", True),
        ("zone in (a, b)", True),
        ("zone notin (a,b)", False),
        ("missing notin (a)", True),
        ("missing in (a)", False),
        ("example.com/tier=edge,!missing", True),
        ("!gpu", False),
        ("gpu=", True),
        ("gpu,missing", False),
    ],
)
def test_all_terms_have_to_hold(text: str, holds: bool) -> None:
    assert all(term.holds(LABELS) for term in parse_selector(text)) is holds


@pytest.mark.parametrize("text", ["zone=a,", ",", "zone in a", "zone ~ a", "a b", "=a", "zone in (a", "a//b=c"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_selector(text)
