"""Files of a repository that become part of manifests: read where a cluster needs them, and refused where too large."""

from __future__ import annotations

from pathlib import Path

import pytest
from one_node import write_repository

from rohe_iac.blueprint.checks.pipeline import LARGEST_FILE
from rohe_iac.blueprint.loading import check, load
from rohe_iac.manifests.attachments import NO_ATTACHMENTS, TEMPLATE_FOLDER, UnreadableAttachment, load_attachments

SERVICES = """
    - {name: web, image: e/web:1, files: [{path: /etc/a, from: a.bin}]}
"""
CLUSTER = "target: {kubernetes: {namespace: n}}"


def _repository(folder: Path, target: str) -> Path:
    (folder / "a.bin").write_bytes(b"\xff")
    write_repository(folder, SERVICES, target)
    (folder / TEMPLATE_FOLDER).mkdir()
    (folder / TEMPLATE_FOLDER / "stack-note.yaml.j2").write_text("")
    (folder / TEMPLATE_FOLDER / "README.md").write_text("not a template")
    return folder


def test_files_and_templates_of_a_cluster_are_read_and_named(tmp_path: Path) -> None:
    attachments, sources = load_attachments(load(_repository(tmp_path, CLUSTER)))
    assert (attachments.files, attachments.templates) == ({"a.bin": b"\xff"}, {"stack-note.yaml.j2": ""})
    assert [source.path for source in sources] == ["a.bin", "blueprints/templates/stack-note.yaml.j2"]


def test_this_machine_has_neither(tmp_path: Path) -> None:
    assert load_attachments(load(_repository(tmp_path, "target: {local: {}}"))) == (NO_ATTACHMENTS, ())


def test_a_template_that_is_no_text_is_named(tmp_path: Path) -> None:
    (_repository(tmp_path, CLUSTER) / TEMPLATE_FOLDER / "stack-note.yaml.j2").write_bytes(b"\xff")
    with pytest.raises(UnreadableAttachment, match="stack-note"):
        load_attachments(load(tmp_path))


@pytest.mark.parametrize("more", [0, 1])
def test_a_file_of_900_kib_is_the_largest(tmp_path: Path, more: int) -> None:
    (_repository(tmp_path, CLUSTER) / "a.bin").write_bytes(b"x" * (LARGEST_FILE + more))
    found = [item for item in check([tmp_path]).diagnostics if item.code == "R242"]
    assert len(found) == more
    assert all("image" in item.hint and "volume" in item.hint for item in found)
