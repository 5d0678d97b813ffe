"""Compose files against a reading of their own: what an import neither maps nor lists is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from compose_reading import TextLoader, filled, losses

from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.importing.foreign.project_settings import ProjectSettings
from rohe_iac.importing.import_texts import ImportResult, import_texts

SAMPLES = sorted((Path(__file__).parent / "samples" / "compose").iterdir())


def imported(text: str) -> ImportResult:
    return import_texts([SourceText("compose.yaml", text)], settings=ProjectSettings(profiles=("*",)))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_nothing_of_a_compose_file_is_lost(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert losses(text, imported(text)) == []


@pytest.mark.parametrize(
    ("sample", "field", "value"),
    [
        ("first-version.yml", "web.command", "other --words"),
        ("first-version.yml", "web.links", ["db:database", "cache", "web2"]),
        ("first-version.yml", "db.image", "postgres:10"),
        ("first-version.yml", "db.volumes", ["/elsewhere"]),
        ("swarm.yaml", "services.api.ports", [{"target": "1234"}]),
        ("swarm.yaml", "services.api.environment", {"PORT": "1"}),
        ("swarm.yaml", "services.api.deploy", {"replicas": "4"}),
        ("vision.yaml", "services.mq.hostname2", "odd"),
        ("vision.yaml", "services.camera.deploy", {"resources": {"limits": {"memory": "1g"}}}),
    ],
)
def test_what_the_import_did_not_see_is_a_loss(sample: str, field: str, value: object) -> None:
    """The reading finds what is only in the file that it reads, so that it would find what an import loses."""
    (path,) = (path for path in SAMPLES if path.name == sample)
    text = path.read_text(encoding="utf-8")
    document = yaml.load(text, TextLoader)
    *around, last = field.split(".")
    part = document
    for name in around:
        part = part[name]
    part[last] = value
    assert losses(yaml.safe_dump(document), imported(text)) != []


def test_variables_are_filled_from_the_left() -> None:
    known = {"A": "1", "E": ""}
    assert filled("$A${B:-{}}${E:-x}${E-x}${A:+${B:-y}}$$A$", known) == "1{}xy$A$"
