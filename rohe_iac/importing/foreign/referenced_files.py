"""Access to the files that an imported file refers to, such as `env_file` of Compose; by default there are none."""

from __future__ import annotations

import posixpath
from pathlib import PurePath


class ReferencedFiles:
    """Files by the name of the imported file that refers to them and the path in it. This base class has none."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def set_folder(self, file: str, folder: str) -> None:
        """Sets the folder that paths in a file are relative to, in place of the file's own."""
        self._folders[file] = folder

    def folder_of(self, file: str) -> str:
        """Returns the folder that paths in a file are relative to."""
        return self._folders.get(file) or PurePath(file).parent.as_posix()

    def name_of(self, file: str, path: str) -> str:
        """Returns the name of the file that a path in a file leads to."""
        return posixpath.normpath(posixpath.join(self.folder_of(file), path))

    def folder_name(self, file: str) -> str:
        """Returns the last part of the folder that paths in a file are relative to; "" where it has none."""
        return PurePath(self.folder_of(file)).name

    def text(self, file: str, path: str) -> str | None:
        """Returns the text of a file; None where there is no readable one."""
        del file, path
        return None

    def yaml_text(self, file: str, path: str) -> str | None:
        """Returns the text of a YAML file that a file takes parts from, wherever it is; None where there is none."""
        return self.text(file, path)

    def why_absent(self, file: str, path: str) -> str:
        """Returns why a path leads to no file that `text` returns, such as `it is a folder`."""
        del file, path
        return "there is no such file"

    def below_root(self, file: str, path: str) -> str | None:
        """Returns the path of a file from the blueprint's root; None where the file is absent or not below the root."""
        del file, path
        return None

    def is_folder(self, file: str, path: str) -> bool:
        """Checks whether the path is that of a folder."""
        del file, path
        return False
