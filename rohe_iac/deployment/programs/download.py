"""Download: runs an official installer and ends it as soon as nothing arrives."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from rohe_iac.deployment.programs.cache import InstallFailed, InstallProgress
from rohe_iac.deployment.programs.process import child, kill_group
from rohe_iac.foundation.clock import Clock, SystemClock

PATIENCE = 15.0
"""Seconds without a byte after which the download is ended; a closed network often hangs instead of refusing."""

_DOWNLOAD_TIMEOUT = 900.0
"""Seconds after which a download is ended, whatever arrives."""

_STEP = 0.2
"""Seconds between two looks at what arrived."""


def watch_download(
    title: str,
    command: Sequence[str],
    staging: Path,
    progress: InstallProgress,
    *,
    environment: Mapping[str, str] | None = None,
    patience: float = PATIENCE,
    clock: Clock | None = None,
) -> None:
    """Runs an official installer and ends it as soon as nothing arrives any more.

    The installer runs in a process group of its own, because a connection that hangs cannot be interrupted otherwise,
    and with a temporary folder of its own, whose growth shows whether anything arrives.

    Args:
        title: What is downloaded, for people.
        command: The installer, which writes into `staging`.
        staging: The folder to install into.
        progress: Receives a line several times a second.
        environment: More variables of the installer.
        patience: Seconds without growth after which the download is ended.
        clock: The clock to wait by, the system's by default.

    Raises:
        InstallFailed: Nothing arrived for `patience` seconds, it took too long, or the installer failed.
    """
    clock = clock or SystemClock()
    temporary = staging / "tmp"
    temporary.mkdir()
    own = {"TMPDIR": str(temporary), "PULUMI_SKIP_UPDATE_CHECK": "true", **(environment or {})}
    output: list[str] = []
    with child(command, cwd=staging, environment={**os.environ, **own}) as process:
        stream = process.stdout
        assert stream is not None
        reader = threading.Thread(target=lambda: output.extend(stream), daemon=True)
        reader.start()
        start = grown = clock.monotonic()
        size = -1
        while process.poll() is None:
            now, arrived = clock.monotonic(), _size(staging)
            if arrived != size:
                size, grown = arrived, now
            if now - grown > patience or now - start > _DOWNLOAD_TIMEOUT:
                kill_group(process)
                raise InstallFailed(
                    f"nothing arrived for {patience:g} s" if now - grown > patience else "it took too long"
                )
            progress(f"downloading {title}: {size / 1e6:.1f} MB, {now - start:.0f} s")
            clock.sleep(_STEP)
        kill_group(process)
        reader.join(timeout=5)
    if process.returncode != 0:
        last = next((line.strip() for line in reversed(output) if line.strip()), f"exit status {process.returncode}")
        raise InstallFailed(f"the official installer failed: {last}")
    shutil.rmtree(temporary, ignore_errors=True)


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except FileNotFoundError:
                continue  # the installer moved it meanwhile
    return total
