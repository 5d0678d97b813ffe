"""`rohe engine install`: finds a Pulumi engine of the right version, or installs one."""

from __future__ import annotations

from rohe_iac.deployment.engine.find import Engine, find_engine
from rohe_iac.deployment.programs.cache import InstallProgress, silent


def install(progress: InstallProgress = silent) -> Engine:
    """Returns the engine that apply will drive; where none is found, downloads the official one or builds it with Go.

    Raises:
        EngineMissing: no engine was found or installed, with everything that was tried.
        InvalidSettings: the settings of the machine are malformed.
    """
    return find_engine(progress)
