"""Control groups of the nodes' pods, in every hierarchy that the kernel has."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
"""The folder where the kernel shows control groups."""
PATIENCE = 30.0
"""Seconds that killed processes have to leave their groups."""


def make_control_groups(name: str) -> None:
    """Makes a group in every hierarchy."""
    for folder in _hierarchies():
        (folder / name).mkdir(exist_ok=True)


def remove_control_groups(name: str) -> None:
    """Removes a group from every hierarchy, with all groups below it, once their processes have ended."""
    end = time.monotonic() + PATIENCE
    for folder in _hierarchies():
        for path, _, _ in os.walk(folder / name, topdown=False):
            while Path(path).exists():
                try:
                    os.rmdir(path)
                except OSError:
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.05)


def _hierarchies() -> Iterator[Path]:
    if (ROOT / "cgroup.controllers").exists():
        yield ROOT
        return
    yield from (path for path in ROOT.iterdir() if (path / "cgroup.procs").exists() and not path.is_symlink())
