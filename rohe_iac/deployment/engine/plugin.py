"""Engine plugins: finds the provider of a target that is not rohe's own, or installs it, in the order of the engine."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rohe_iac.deployment.engine.find import INSTALL_COMMAND, find_engine
from rohe_iac.deployment.programs.build import build
from rohe_iac.deployment.programs.cache import (
    InstallFailed,
    InstallProgress,
    download_home,
    installer_lock,
    silent,
    staging_folder,
)
from rohe_iac.deployment.programs.download import watch_download
from rohe_iac.deployment.programs.go_module import GoModule
from rohe_iac.deployment.programs.search import FoundProgram, ProgramOrigin, ProgramSearch, Unsuitable, numbers
from rohe_iac.foundation.settings import text_setting

_ANSWER_TIMEOUT = 30.0
"""Seconds that a plugin has to print its port, and to answer."""


@dataclass(frozen=True, slots=True)
class EnginePlugin:
    """A resource plugin of the engine that has releases of its own.

    Attributes:
        name: The engine's name of the provider.
        title: The plugin's name for people.
        variable: The environment variable that names its executable.
        module: The Go module that it is built from.
    """

    name: str
    title: str
    variable: str
    module: GoModule

    @property
    def executable(self) -> str:
        """Returns the name of its executable."""
        return f"pulumi-resource-{self.name}"

    @property
    def version(self) -> str:
        """Returns the wanted version: `engine.NAME-version` of the user's settings, else the one that can be built.

        Raises:
            InvalidSettings: The user's settings cannot be read.
        """
        return text_setting("engine", f"{self.name}-version") or self.module.version


class PluginSearch(ProgramSearch):
    """The search for a plugin."""

    def __init__(self, plugin: EnginePlugin) -> None:
        self._plugin = plugin
        self.title = plugin.title
        self.variable = plugin.variable
        self.setting = plugin.name
        self.command = f"{INSTALL_COMMAND} --target {plugin.name}"

    @property
    def wanted(self) -> str:
        """Returns the version that the user's settings or the Go module ask for."""
        return self._plugin.version

    def version_of(self, path: Path) -> str:
        """Returns the version that the running plugin answers with."""
        return plugin_version(path)

    def elsewhere(self) -> Iterator[tuple[Path, ProgramOrigin]]:
        """Yields the executable on PATH, then those of the engine's plugin folder, newest first."""
        on_path = shutil.which(self._plugin.executable)
        if on_path is not None:
            yield Path(on_path).absolute(), ProgramOrigin.PATH
        home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
        prefix = f"resource-{self._plugin.name}-v"
        found = {folder: numbers(folder.name.removeprefix(prefix)) for folder in (home / "plugins").glob(f"{prefix}*")}
        for folder, _ in sorted(found.items(), key=lambda item: item[1] or (0, 0, 0), reverse=True):
            if (folder / self._plugin.executable).is_file():
                yield folder / self._plugin.executable, ProgramOrigin.PLUGINS

    def cached(self) -> tuple[Path, ...]:
        """Returns the places of a downloaded and of a built plugin."""
        name = self._plugin.executable
        return (self._downloaded / "bin" / name, self._plugin.module.executable(name))

    @property
    def _downloaded(self) -> Path:
        return download_home() / f"{self._plugin.name}-{self.wanted}"

    def download(self, progress: InstallProgress) -> Path:
        """Has the engine download the plugin, as `pulumi plugin install` does, into the cache."""
        name, version = self._plugin.executable, self.wanted
        engine = find_engine(progress).path
        final = self._downloaded / "bin" / name
        with installer_lock(download_home(), progress):
            if final.is_file():
                return final
            with staging_folder(self._downloaded) as staging:
                home = staging / "home"
                words = ["--non-interactive", "plugin", "install", "resource", self._plugin.name, version, "--exact"]
                environment = {"PULUMI_HOME": str(home)}
                watch_download(self.title, [str(engine), *words], staging, progress, environment=environment)
                installed = home / "plugins" / f"resource-{self._plugin.name}-v{version}" / name
                if not installed.is_file():
                    raise InstallFailed(f"`pulumi plugin install` ended well and left no {name}")
                (staging / "bin").mkdir()
                installed.rename(staging / "bin" / name)
                shutil.rmtree(home)
        return final

    def build(self, progress: InstallProgress) -> Path:
        """Builds the plugin with Go."""
        module = self._plugin.module
        if module.version != self.wanted:
            raise InstallFailed(f"only version {module.version} can be built, and the settings ask for {self.wanted}")
        return build(module, progress) / self._plugin.executable


def find_plugin(plugin: EnginePlugin, progress: InstallProgress = silent, *, install: bool = True) -> FoundProgram:
    """Returns the executable of a plugin: the first one that runs and is compatible.

    Places are tried in this order: the plugin's environment variable, `engine.NAME` of the user's settings, PATH, the
    engine's plugin folder, the cache; then, with `install`, the official download (skipped with ROHE_OFFLINE=1) and a
    build with Go.

    Args:
        plugin: The plugin.
        progress: Receives a line for each step of an installation.
        install: Whether to install the plugin where none is found.

    Raises:
        NoSuitableProgram: There is none (exit code 10); the hint has the command that installs one.
        InvalidSettings: The user's settings cannot be read (exit code 64).
    """
    return PluginSearch(plugin).find(progress, install=install)


def plugin_version(path: Path) -> str:
    """Returns the version that a plugin answers with, which is started for that and ended again (0.1 to 0.4 s).

    Raises:
        Unsuitable: The file cannot be started, or does not answer as a plugin of the engine does.
    """
    try:
        process = subprocess.Popen(
            [str(path), "127.0.0.1:1"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError as error:
        raise Unsuitable(f"{path} cannot be started: {error.strerror}") from error
    assert process.stdout is not None
    try:
        answered, _, _ = select.select([process.stdout], [], [], _ANSWER_TIMEOUT)
        port = process.stdout.readline().strip().decode(errors="replace") if answered else ""
        version = _asked(int(port)) if port.isdecimal() else ""
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    if numbers(version) is None:
        raise Unsuitable(f"{path} does not answer as a plugin of the engine")
    return version


def _asked(port: int) -> str:
    import grpc
    from google.protobuf.empty_pb2 import Empty
    from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub

    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            # The generated stubs have no types.
            answer = ResourceProviderStub(channel).GetPluginInfo(Empty(), timeout=_ANSWER_TIMEOUT)
        except grpc.RpcError:
            return ""
    return str(answer.version).removeprefix("v")
