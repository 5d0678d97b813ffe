"""`rohe engine install`: finds a Pulumi engine and plugins of the right versions, or installs them."""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.deployment.engine.find import find_engine
from rohe_iac.deployment.engine.plugin import EnginePlugin, find_plugin
from rohe_iac.deployment.programs.cache import InstallProgress, silent
from rohe_iac.deployment.programs.search import FoundProgram


def install(progress: InstallProgress = silent, plugins: Sequence[EnginePlugin] = ()) -> dict[str, FoundProgram]:
    """Returns the engine that apply will drive and plugins of it; what is not found is downloaded or built with Go.

    Args:
        progress: takes the steps of an installation.
        plugins: the plugins that the targets of the user need.

    Returns:
        What was found, by `pulumi` and the names of the plugins.

    Raises:
        NoSuitableProgram: one was not found or installed, with everything that was tried.
        InvalidSettings: the settings of the machine are malformed.
    """
    found: dict[str, FoundProgram] = {"pulumi": find_engine(progress)}
    for plugin in plugins:
        found[plugin.name] = find_plugin(plugin, progress)
    return found
