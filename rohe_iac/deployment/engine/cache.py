"""Where engines that rohe installed are kept: outside any checkout, whole or not at all, one writer at a time.

`$XDG_CACHE_HOME/rohe/engine/<version>/bin/pulumi` is a downloaded one,
`$XDG_CACHE_HOME/rohe-tools/<name>-<digest>/bin/<name>` one built here; the digest is of all that went into it.
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
"""Told in one line what an installation is at; called often, from any thread."""


def silent(line: str) -> None:
    """The progress of an installation that nobody watches."""


class InstallFailed(RoheError):
    """One way of installing did not work; whoever asked goes on to the next way, or tells all of them."""

    exit_code = ExitCode.UNREACHABLE


_STAGING = ".staging-"


def download_home() -> Path:
    """The parent of downloaded engines."""
    return cache_home() / "engine"


def build_home() -> Path:
    """The parent of programs built here."""
    return cache_home().parent / "rohe-tools"


@contextmanager
def exclusive(home: Path, progress: InstallProgress, clock: Clock | None = None) -> Iterator[None]:
    """Holds `home` (created, 0700) for one installer of this machine; a second one waits and says so.

    The lock is the kernel's (flock), so that a killed installer never leaves it behind.
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
        for left_over in home.glob(f"{_STAGING}*"):
            # Of an installer that was killed: nobody else writes while we hold the lock.
            shutil.rmtree(left_over, ignore_errors=True)
        yield


@contextmanager
def staged(final: Path) -> Iterator[Path]:
    """A fresh folder that becomes `final` in one step where the block ends well, and vanishes otherwise."""
    staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=final.parent))
    try:
        yield staging
        if final.exists():
            shutil.rmtree(final)
        os.replace(staging, final)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def discard(folder: Path) -> None:
    """Removes what was installed into `folder` and does not run, so that the next installation starts anew."""
    with exclusive(folder.parent, silent):
        shutil.rmtree(folder, ignore_errors=True)
