"""Images and variables have the names that registries and processes take."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.language.container import is_image


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("nginx", True),
        ("host:5000/a/b:1.0", True),
        ("a@sha256:0f", True),
        ("a:1:2", False),
        ("a b", False),
        ("", False),
    ],
)
def test_an_image_has_a_name_without_blanks_and_at_most_one_tag(text: str, fits: bool) -> None:
    assert is_image(text) == fits
