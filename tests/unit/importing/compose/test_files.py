"""Claims about the files that a Compose service names."""

from __future__ import annotations

from typing import Any

from import_results import dropped, field_of

from rohe_iac.importing.compose.files import add_file
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles


def test_a_file_outside_of_the_blueprint_is_dropped_with_the_reason() -> None:
    field = field_of({"volumes": ["./a.conf:/etc/a.conf"]})
    files: list[dict[str, Any]] = []
    item = field.entries()[0][1].items()[0]
    add_file("./a.conf", "/etc/a.conf", item, ReferencedFiles(), files, "services.web")
    assert files == []
    assert "no such file below the blueprint's root" in dropped(field)["volumes[0]"]
