"""How rendered manifests and what they need are printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.cli.views.plans.rendered import RenderedView
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.manifests.prerequisites import Prerequisite
from rohe_iac.usecases.plans.render import render_to

MANIFESTS = (Manifest("service-web", "Service", "service/shop:web", "kind: Service\n"),)
NEEDED = (
    Prerequisite("Secret", "web-token", "key TOKEN", ("service/shop:web",)),
    Prerequisite("image", "shop/web:1", "", ("service/shop:web", "service/shop:cart")),
)


def test_people_read_what_was_written_and_what_has_to_be_there(
    new_screen: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    screen, out = new_screen(160)
    errors, err = new_screen(160)
    screen.err = errors.out
    RenderedView(screen).files("out", render_to(tmp_path, MANIFESTS), NEEDED)
    assert out() == "out: 1 written, 0 unchanged, 0 removed\n"
    assert err().splitlines() == [
        "images that a registry must have (rohe builds none):",
        "  shop/web:1, for service/shop:web, service/shop:cart",
        "Secrets that must exist in the namespace:",
        "  web-token (key TOKEN), for service/shop:web",
    ]
    RenderedView(screen).stream(MANIFESTS, NEEDED)
    assert capsys.readouterr().out == "---\nkind: Service\n"


def test_programs_read_the_same(new_screen: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    view = RenderedView(new_screen(80)[0])
    view.json(MANIFESTS, NEEDED, "out", render_to(tmp_path, MANIFESTS))
    value = json.loads(capsys.readouterr().out)
    assert (value["folder"], value["written"]) == ("out", ["service-web.yaml"])
    assert value["prerequisites"][0] == {
        "kind": "Secret", "name": "web-token", "content": "key TOKEN", "needed_by": ["service/shop:web"]
    }  # fmt: skip
    view.json(MANIFESTS, (), "-", None)
    value = json.loads(capsys.readouterr().out)
    assert value["manifests"][0]["text"] == "kind: Service\n"
