"""Faults in the first of very many files are reported without reading all of them, and a note says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.documents import tree
from rohe_iac.blueprint.loading import check
from rohe_iac.foundation.diagnostics import Diagnostic

GOOD = "apiVersion: rohe.dev/v1\nkind: Inventory\nmetadata: {{name: i{n}}}\nspec: {{nodes: [{{name: a, cpu: 1, memory: {{rss: 1Gi}}}}]}}\n"  # noqa: E501


def diagnostics_of(folder: Path, texts: list[str]) -> tuple[Diagnostic, ...]:
    (folder / "rohe.yaml").touch()
    for number, text in enumerate(texts):
        (folder / f"f{number:02}.yaml").write_text(text)
    return check([folder]).diagnostics


@pytest.fixture(autouse=True)
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits what is read after an error to two such files."""
    monkeypatch.setattr(tree, "MAX_VALUES", 2 * tree.FILE_WEIGHT)


def test_without_a_fault_every_file_is_read(tmp_path: Path) -> None:
    assert diagnostics_of(tmp_path, [GOOD.format(n=n) for n in range(20)]) == ()


def test_two_documents_of_one_name_are_told_and_the_rest_is_left_out(tmp_path: Path) -> None:
    found = diagnostics_of(tmp_path, [GOOD.format(n=0)] * 20)
    assert [item.code for item in found] == ["R201", "R133"]
    assert found[-1].place.file == "f02.yaml"
    assert found[-1].message == "this file and 17 more are not looked at, since there are faults before"


def test_names_in_a_module_s_folder_are_no_second_ones(tmp_path: Path) -> None:
    for name in ("m", "n"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "module.yaml").write_text(
            "apiVersion: rohe.dev/v1\nkind: Module\n"
            f"metadata: {{name: {name}, version: 1.0.0}}\nspec: {{sources: [p.yaml]}}\n"
        )
        (tmp_path / name / "p.yaml").write_text(GOOD.format(n=0))
    assert diagnostics_of(tmp_path, [GOOD.format(n=n) for n in range(20)]) == ()


def test_the_last_file_is_told_alone(tmp_path: Path) -> None:
    found = diagnostics_of(tmp_path, [GOOD.format(n=0)] * 3)
    assert found[-1].message == "this file is not looked at, since there are faults before"
