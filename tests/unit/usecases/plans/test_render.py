"""Claims about `rohe render` into a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.manifests.manifest import Manifest
from rohe_iac.usecases.plans.render import FORMER_LISTING, LISTING, UnwritableManifests, as_stream, render_to

A = Manifest("a", "Process", "replica/p:a/0", "kind: A\n")
B = Manifest("b", "Process", "replica/p:b/0", "kind: B\n")


def test_files_hold_the_very_bytes_of_the_manifests(tmp_path: Path) -> None:
    done = render_to(tmp_path / "out", (A, B))
    assert done.written == ("a.yaml", "b.yaml")
    assert (tmp_path / "out" / "a.yaml").read_bytes() == b"kind: A\n"


def test_a_second_render_writes_nothing(tmp_path: Path) -> None:
    render_to(tmp_path, (A, B))
    done = render_to(tmp_path, (A, B))
    assert done.written == ()
    assert done.unchanged == ("a.yaml", "b.yaml")


def test_a_stale_file_of_ours_goes_and_a_file_of_somebody_else_stays(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("mine")
    render_to(tmp_path, (A, B))
    assert render_to(tmp_path, (A,)).removed == ("b.yaml",)
    assert sorted(path.name for path in tmp_path.iterdir()) == [LISTING, "a.yaml", "kustomization.yaml"]


def test_the_listing_of_an_earlier_build_is_read_and_replaced(tmp_path: Path) -> None:
    render_to(tmp_path, (A, B))
    (tmp_path / LISTING).rename(tmp_path / FORMER_LISTING)
    assert render_to(tmp_path, (A,)).removed == ("b.yaml",)
    assert sorted(path.name for path in tmp_path.iterdir()) == [LISTING, "a.yaml"]


def test_kubectl_reads_no_file_of_the_folder_but_the_manifests(tmp_path: Path) -> None:
    render_to(tmp_path, (A, B))
    read = [path.name for path in tmp_path.iterdir() if path.suffix in (".json", ".yaml", ".yml")]
    assert sorted(read) == ["a.yaml", "b.yaml"]


def test_a_foreign_file_of_a_manifests_name_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("mine")
    with pytest.raises(UnwritableManifests, match="was not written by"):
        render_to(tmp_path, (A,))
    assert (tmp_path / "a.yaml").read_text() == "mine"


def test_a_listing_that_leads_out_of_the_folder_removes_nothing_outside(tmp_path: Path) -> None:
    outside = tmp_path / "precious.yaml"
    outside.write_text("x")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / LISTING).write_text('["../precious.yaml"]')
    render_to(folder, (A,))
    assert outside.exists()


def test_the_stream_parts_documents() -> None:
    assert as_stream((A, B)) == "---\nkind: A\n---\nkind: B\n"
