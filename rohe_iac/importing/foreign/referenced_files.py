"""Access to the files that an imported file refers to, such as `env_file` of Compose; by default there are none."""

from __future__ import annotations


class ReferencedFiles:
    """Files by the name of the imported file that refers to them and the path in it. This base class has none."""

    def text(self, file: str, path: str) -> str | None:
        """Returns the text of a file; None where there is no readable one."""
        del file, path
        return None

    def below_root(self, file: str, path: str) -> str | None:
        """Returns the path of a file from the blueprint's root; None where the file is absent or not below the root."""
        del file, path
        return None

    def is_folder(self, file: str, path: str) -> bool:
        """Checks whether the path is that of a folder."""
        del file, path
        return False
