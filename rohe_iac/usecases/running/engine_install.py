"""`rohe engine install`: an engine that fits is there afterwards, whether it was before or not."""

from __future__ import annotations

from rohe_iac.deployment.engine.cache import InstallProgress, silent
from rohe_iac.deployment.engine.find import Engine, find_engine


def install(progress: InstallProgress = silent) -> Engine:
    """The engine that apply will drive; where none is found, the official one is downloaded or else built with Go.

    Errors: EngineMissing (10) with every way that was tried; InvalidSettings (64).
    """
    return find_engine(progress)
