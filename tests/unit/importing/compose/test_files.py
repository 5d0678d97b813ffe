"""Claims about the files that a Compose service names."""

from __future__ import annotations

from import_results import field_of

from rohe_iac.importing.compose.files import variables_of
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles


class OneText(ReferencedFiles):
    """A folder in which every file has the same text."""

    def text(self, file: str, path: str) -> str | None:
        """Returns the text."""
        del file, path
        return "A='1'\nnot a variable\n"


def test_variables_are_read_in_the_format_of_the_entry_and_odd_lines_are_told() -> None:
    field = field_of({"env_file": ["a.env", {"path": "b.env", "format": "raw"}]})
    found = variables_of(field, OneText())
    assert [(name, value) for name, value, _ in found] == [("A", "1"), ("A", "'1'")]
    assert "a.env: line 2 is not NAME=VALUE and is left out" in [text for _, text in field.journal.notes]
