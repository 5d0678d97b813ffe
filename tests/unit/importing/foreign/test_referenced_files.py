"""Claims about the files that imported files refer to."""

from __future__ import annotations

from rohe_iac.importing.foreign.referenced_files import ReferencedFiles


def test_by_default_there_are_no_files() -> None:
    files = ReferencedFiles()
    assert files.text("compose.yaml", ".env") is None
    assert files.below_root("compose.yaml", "a.conf") is None
    assert not files.is_folder("compose.yaml", ".")
