"""Images and variables have the names that registries and processes take."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rohe_iac.blueprint.language.container import is_image
from rohe_iac.blueprint.language.pipeline import Service


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("nginx", True),
        ("host:5000/a/b:1.0", True),
        (f"a@sha256:{'0f' * 32}", True),
        (f"Host.example:5000/a_b/c--d__e:V1@sha256:{'0f' * 32}", True),
        ("localhost/a", True),
        ("[::1]:5000/a", True),
        ("a@sha256:0f", False),
        (f"a@sha256:{'0F' * 32}", False),
        ("Host/App:1", False),
        ("a:", False),
        ("http://host/a", False),
        ("a/", False),
        ("a:${TAG}", False),
        (f"a:{'1' * 129}", False),
        ("a:1:2", False),
        ("a b", False),
        ("", False),
    ],
)
def test_an_image_has_a_name_that_registries_take(text: str, fits: bool) -> None:
    assert is_image(text) == fits


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("Shop/Camera:1.0", "did you mean shop/camera:1.0?"),
        ("https://registry.example/shop/camera:1", "did you mean registry.example/shop/camera:1?"),
        ("shop/camera:", "did you mean shop/camera?"),
        ("shop/camera@sha256:0f", "a digest of sha256 has 64 digits: write it whole, as registry/name@sha256:..."),
        (
            "shop/camera:${TAG}",
            'write "shop/camera:{{ values.tag }}", and values: {tag: ...} in the stack',
        ),
        ("a b", "for example registry/name:tag"),
    ],
)
def test_the_name_that_was_meant_is_told(written: str, hint: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Service.model_validate({"name": "a", "image": written})
    error = raised.value.errors()[0]
    assert (error["type"], error["ctx"]["hint"]) == ("R134", hint)
