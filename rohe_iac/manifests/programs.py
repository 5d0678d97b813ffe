"""Programs of this machine: where the first word of a command line is looked for."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path


def search_path(outer: Mapping[str, str]) -> str:
    """Returns the PATH of a replica: the folder of this interpreter, then the PATH of the user that runs apply."""
    beside = str(Path(sys.executable).parent)
    return os.pathsep.join(dict.fromkeys((beside, *outer.get("PATH", os.defpath).split(os.pathsep))))


def program_exists(word: str, folder: Path, search: str) -> bool:
    """Checks whether a word names an executable file.

    Args:
        word: The first word of a command line; one with a slash is a path, relative to `folder`.
        folder: The working directory of the program.
        search: The PATH that another word is looked up on.
    """
    found = shutil.which(str(folder / word)) if "/" in word else shutil.which(word, path=search)
    return bool(word) and found is not None


def places_searched(word: str, folder: Path, search: str) -> str:
    """Returns where `program_exists` looks, for a message."""
    return f"looked in {folder}" if "/" in word else f"looked on PATH: {search}"
