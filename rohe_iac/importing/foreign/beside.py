"""What lies beside an imported file: where nobody says otherwise, nothing."""

from __future__ import annotations


class Beside:
    """Files that an imported file names, by the name of that file and the path in it. This one knows of none."""

    def text(self, file: str, path: str) -> str | None:
        """The text of a file; None where there is none that may be read."""
        del file, path
        return None

    def below_root(self, file: str, path: str) -> str | None:
        """The path from the blueprint's root to a file that is there and lies below it, else None."""
        del file, path
        return None

    def is_folder(self, file: str, path: str) -> bool:
        """Whether it is a folder."""
        del file, path
        return False
