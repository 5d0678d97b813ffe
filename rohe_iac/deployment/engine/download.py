"""Engine download: runs the official installer and ends it as soon as nothing arrives."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from rohe_iac.deployment.programs.cache import (
    InstallFailed,
    InstallProgress,
    download_home,
    installer_lock,
    staging_folder,
)
from rohe_iac.deployment.programs.process import child, kill_group
from rohe_iac.foundation.clock import Clock, SystemClock

PATIENCE = 15.0
"""Seconds without a byte after which the download is ended; a closed network often hangs instead of refusing."""

_DOWNLOAD_TIMEOUT = 900.0
"""Seconds after which a download is ended, whatever arrives."""

_STEP = 0.2
"""Seconds between two looks at what arrived."""

_INSTALLER = (
    "import sys; from semver import VersionInfo; from pulumi.automation import PulumiCommand; "
    "PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))"
)


def download_engine(
    version: str,
    progress: InstallProgress,
    *,
    installer: Sequence[str] = (sys.executable, "-c", _INSTALLER),
    patience: float = PATIENCE,
    clock: Clock | None = None,
) -> Path:
    """Downloads Pulumi `version` into the cache and returns the path of its executable.

    The installer runs in a process of its own, because a connection that hangs cannot be interrupted otherwise, and
    with a temporary folder of its own, whose growth shows whether anything arrives.

    Args:
        version: The version to download, such as 3.260.0.
        progress: Receives a line several times a second.
        installer: A command that takes the folder to install into and the version as its last arguments.
        patience: Seconds without growth after which the download is ended.
        clock: The clock to wait by, the system's by default.

    Raises:
        InstallFailed: Nothing arrived for `patience` seconds, or the installer failed.
    """
    final = download_home() / version
    executable = final / "bin" / "pulumi"
    with installer_lock(download_home(), progress, clock):
        if executable.is_file():
            return executable
        with staging_folder(final) as staging:
            _install([*installer, str(staging), version], staging, progress, patience, clock or SystemClock())
            if not (staging / "bin" / "pulumi").is_file():
                raise InstallFailed("the official installer ended well and left no bin/pulumi")
    return executable


def _install(command: list[str], staging: Path, progress: InstallProgress, patience: float, clock: Clock) -> None:
    temporary = staging / "tmp"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    output: list[str] = []
    with child(command, cwd=staging, environment=environment) as process:
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
            progress(f"downloading Pulumi: {size / 1e6:.1f} MB, {now - start:.0f} s")
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
