"""Rohe's own plugin of the engine: the executable `pulumi-resource-rohe`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from rohe_iac.deployment.ports import ProviderPlugin
from rohe_iac.foundation.errors import ExitCode, RoheError

EXECUTABLE = "pulumi-resource-rohe"
"""Name of the provider's executable."""


class ProviderMissing(RoheError):
    """The provider's executable is not installed."""

    exit_code = ExitCode.UNREACHABLE


def rohe_plugin(settings: Mapping[str, str]) -> ProviderPlugin:
    """Returns the provider beside this interpreter, or else on PATH.

    Args:
        settings: The provider's settings by name.

    Raises:
        ProviderMissing: The executable is in neither place.
    """
    beside = Path(sys.executable).parent
    found = shutil.which(EXECUTABLE, path=str(beside)) or shutil.which(EXECUTABLE)
    if found is None:
        raise ProviderMissing(
            f"{EXECUTABLE} is not installed", detail=f"looked in {beside} and on PATH", hint="install rohe again"
        )
    return ProviderPlugin("rohe", Path(found).parent, settings)
