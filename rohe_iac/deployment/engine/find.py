"""Engine search: which Pulumi engine is driven, found or else installed, always in the same order."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from rohe_iac.deployment.engine.download import download_engine
from rohe_iac.deployment.programs.build import build
from rohe_iac.deployment.programs.cache import InstallProgress, download_home, silent
from rohe_iac.deployment.programs.go_module import PULUMI
from rohe_iac.deployment.programs.search import (
    FoundProgram,
    NoSuitableProgram,
    ProgramOrigin,
    ProgramSearch,
    Unsuitable,
    compatible,
    numbers,
)

_VERSION_TIMEOUT = 30.0
"""Seconds that an engine has to print its version."""

INSTALL_COMMAND = "rohe engine install"
"""The command that installs an engine, for hints."""


class Engine(FoundProgram):
    """A Pulumi command line that runs."""

    __slots__ = ()


class EngineMissing(NoSuitableProgram):
    """No engine that fits was found, and none could be installed; the detail has a reason for each place tried."""


class EngineSearch(ProgramSearch):
    """The search for the engine."""

    title = "Pulumi engine"
    variable = "ROHE_PULUMI"
    setting = "pulumi"
    command = INSTALL_COMMAND

    @property
    def wanted(self) -> str:
        """Returns engine_version()."""
        return engine_version()

    def version_of(self, path: Path) -> str:
        """Returns the version that `pulumi version` prints."""
        environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        try:
            done = subprocess.run(
                [str(path), "version"],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_VERSION_TIMEOUT,
                check=False,
            )
        except OSError as error:
            raise Unsuitable(f"{path} cannot be started: {error.strerror}") from error
        except subprocess.TimeoutExpired:
            raise Unsuitable(f"{path} did not print its version within {_VERSION_TIMEOUT:g} s") from None
        version = done.stdout.strip().removeprefix("v")
        if done.returncode != 0 or numbers(version) is None:
            raise Unsuitable(f"{path} does not print a version")
        return version

    def elsewhere(self) -> Iterator[tuple[Path, ProgramOrigin]]:
        """Yields `pulumi` on PATH."""
        on_path = shutil.which("pulumi")
        if on_path is not None:
            yield Path(on_path).absolute(), ProgramOrigin.PATH

    def cached(self) -> tuple[Path, ...]:
        """Returns the places of a downloaded and of a built engine."""
        return (download_home() / engine_version() / "bin" / "pulumi", PULUMI.executable("pulumi"))

    def download(self, progress: InstallProgress) -> Path:
        """Downloads the engine by its official installer."""
        return download_engine(engine_version(), progress)

    def build(self, progress: InstallProgress) -> Path:
        """Builds the engine with Go."""
        return build(PULUMI, progress) / "pulumi"

    def missing(self, brief: str, detail: str, hint: str) -> EngineMissing:
        """Returns an EngineMissing."""
        return EngineMissing(brief, detail=detail, hint=hint)


def engine_version() -> str:
    """Returns the version of the engine that rohe is tested with and installs, such as 3.260.0."""
    return PULUMI.version


def fits(version: str) -> bool:
    """Checks whether `version` has the same major number as engine_version() and is not older."""
    return compatible(version, engine_version())


def minor_version(version: str) -> tuple[int, int]:
    """Returns the major and minor number of a version such as 3.260.0; (0, 0) where it is none."""
    found = numbers(version)
    return found[:2] if found else (0, 0)


def find_engine(progress: InstallProgress = silent, *, install: bool = True) -> Engine:
    """Returns the engine to drive: the first one that runs and fits.

    Places are tried in this order: ROHE_PULUMI, `engine.pulumi` of the user's settings, `pulumi` on PATH, the cache
    (downloaded or built before); then, with `install`, the official download (skipped with ROHE_OFFLINE=1) and a build
    with Go, both kept in the cache. An engine that the user named and that does not fit is an error, never skipped.

    Args:
        progress: Receives a line for each step of an installation.
        install: Whether to install an engine where none is found.

    Raises:
        EngineMissing: There is no engine (exit code 10); the hint has the command that installs one.
        InvalidSettings: The user's settings cannot be read (exit code 64).
    """
    found = EngineSearch().find(progress, install=install)
    return Engine(found.path, found.version, found.origin, found.variable)
