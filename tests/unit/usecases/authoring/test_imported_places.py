"""Claims about where faults of imported documents are reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.foundation.diagnostics import Place
from rohe_iac.usecases.authoring.import_ import import_files
from rohe_iac.usecases.authoring.imported_places import place_in_source

TEXT = """services:
  web:
    image: shop/web:1
    environment:
      MODE: prod
    ports: ["8080:80"]
  db:
    image: postgres:16
"""


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("shop/web:1", 3),
        ("image: shop/web:1", 3),
        ("MODE: prod", 5),
        ("containerPort", 6),
        ("postgres:16", 8),
        ("name: db", 8),
    ],
)
def test_a_value_of_a_document_has_its_place_in_the_user_s_file(tmp_path: Path, written: str, line: int) -> None:
    (tmp_path / "compose.yaml").write_text(TEXT)
    imported = import_files(tmp_path, [Path("compose.yaml")]).imported
    lines = imported.text.splitlines()
    (number,) = (number for number, text in enumerate(lines, 1) if written in text)
    place = Place("imported.yaml", number, lines[number - 1].index(written) + 1)
    assert (place_in_source(place, imported).file, place_in_source(place, imported).line) == ("compose.yaml", line)


def test_what_comes_from_no_field_is_in_the_first_file(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(TEXT)
    imported = import_files(tmp_path, [Path("compose.yaml")]).imported
    assert place_in_source(Place("imported.yaml", 1, 1), imported).file == "compose.yaml"
