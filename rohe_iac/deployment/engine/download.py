"""Engine download: runs the official installer of the engine."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rohe_iac.deployment.programs.cache import (
    InstallFailed,
    InstallProgress,
    download_home,
    installer_lock,
    staging_folder,
)
from rohe_iac.deployment.programs.download import PATIENCE, watch_download
from rohe_iac.foundation.clock import Clock

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
            command = [*installer, str(staging), version]
            watch_download("Pulumi", command, staging, progress, patience=patience, clock=clock)
            if not (staging / "bin" / "pulumi").is_file():
                raise InstallFailed("the official installer ended well and left no bin/pulumi")
    return executable
