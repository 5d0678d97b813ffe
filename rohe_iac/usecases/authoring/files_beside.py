"""Access of `rohe import` to the files that imported files name."""

from __future__ import annotations

import os
from pathlib import Path

from rohe_iac.blueprint.documents.discovery import read_file
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles

YAML = (".yaml", ".yml", ".json")


class FilesBeside(ReferencedFiles):
    """Files that imported files name: below the folder of the naming file, or below the blueprint's root."""

    def __init__(self, folder: Path, root: Path) -> None:
        super().__init__()
        self._folder, self._root = folder, root

    def text(self, file: str, path: str) -> str | None:
        """Returns the text of a file; None where the file does not exist, lies elsewhere or is no text."""
        found = self._found(file, path)
        read = read_file(self._root, found) if found is not None else None
        return read.source.text if read is not None and read.source is not None else None

    def yaml_text(self, file: str, path: str) -> str | None:
        """Returns the text of a file that ends as YAML and JSON do, wherever it is."""
        if Path(path).suffix.lower() not in YAML:
            return None
        read = read_file(self._root, Path(os.path.abspath(self._folder / self.folder_of(file) / path)))
        return read.source.text if read.source is not None else None

    def why_absent(self, file: str, path: str) -> str:
        """Returns why a path leads to no text: what it is, or where it is."""
        found = self._found(file, path)
        if found is None:
            return "it is neither below the folder of this file nor below the blueprint's root"
        # A path from a document may be too long for any file, for which methods of pathlib raise.
        if not os.path.exists(found):
            return "there is no such file"
        if os.path.isdir(found):
            return "it is a folder"
        return "it is no text, or cannot be read" if os.path.isfile(found) else "it is a pipe or a device, not a file"

    def folder_name(self, file: str) -> str:
        """Returns the last part of the folder that paths in a file are relative to."""
        return (self._folder / self.folder_of(file)).resolve().name

    def below_root(self, file: str, path: str) -> str | None:
        """Returns the path from the blueprint's root to a regular file below it; None for every other file."""
        found = self._found(file, path)
        if found is None or not os.path.isfile(found) or not found.is_relative_to(self._root):
            return None
        return found.relative_to(self._root).as_posix()

    def is_folder(self, file: str, path: str) -> bool:
        """Checks whether the path is a folder."""
        found = self._found(file, path)
        return found is not None and os.path.isdir(found)

    def _found(self, file: str, path: str) -> Path | None:
        """Returns where a path that a file names leads; None where it lies outside of both folders."""
        folder = self._folder / self.folder_of(file)
        try:
            found, tops = (folder / path).resolve(), (folder.resolve(), self._root)
        except (OSError, ValueError, RuntimeError):  # a NUL in the path, or links that go in circles
            return None
        return found if any(found.is_relative_to(top) for top in tops) else None
