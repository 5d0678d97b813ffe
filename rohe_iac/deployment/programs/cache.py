"""Cache of installed engines: outside any checkout, complete or absent, written by one installer at a time.

`$XDG_CACHE_HOME/rohe/engine/<version>/bin/pulumi` is a downloaded engine,
`$XDG_CACHE_HOME/rohe-tools/<name>-<digest>/bin/<name>` a program built here; the digest is of all its sources.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rohe_iac.foundation.clock import Clock, SystemClock
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.folders import cache_home

InstallProgress = Callable[[str], None]
"""Receives one line for each step of an installation; called often, from any thread."""


def silent(line: str) -> None:
    """Ignores `line`: the progress of an installation that nobody watches."""


class InstallFailed(RoheError):
    """One way of installing did not work; the caller tries the next way, or reports the reasons of all."""

    exit_code = ExitCode.UNREACHABLE


_STAGING = ".staging-"
"""Prefix of folders that an installation is still writing."""


def download_home() -> Path:
    """Returns the parent folder of downloaded engines."""
    return cache_home() / "engine"


def build_home() -> Path:
    """Returns the parent folder of programs built here."""
    return cache_home().parent / "rohe-tools"


@contextmanager
def installer_lock(home: Path, progress: InstallProgress, clock: Clock | None = None) -> Iterator[None]:
    """Holds the lock of `home` for one installer of this machine; a second installer waits.

    The lock is the kernel's (flock), so a killed installer never leaves it behind.

    Args:
        home: The folder to lock; it is created with mode 0700.
        progress: Receives a line while another installer holds the lock.
        clock: The clock to wait by, the system's by default.
    """
    clock = clock or SystemClock()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(home / ".lock", "a", encoding="ascii") as stream:
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                progress(f"another installation into {home} is running; waiting for it")
                clock.sleep(0.5)
        for folder in home.glob(f"{_STAGING}*"):
            # A killed installer left this folder: nobody else writes while the lock is held.
            shutil.rmtree(folder, ignore_errors=True)
        yield


@contextmanager
def staging_folder(final: Path) -> Iterator[Path]:
    """Yields a new folder, which becomes `final` in one step where the block ends well and is removed otherwise."""
    staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=final.parent))
    try:
        yield staging
        if final.exists():
            shutil.rmtree(final)
        os.replace(staging, final)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def discard(folder: Path) -> None:
    """Removes the broken installation in `folder`, so that the next installation starts anew."""
    with installer_lock(folder.parent, silent):
        shutil.rmtree(folder, ignore_errors=True)
