"""Program search: which executable of a program is used, found or else installed, always in the same order."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from rohe_iac.deployment.programs.cache import InstallFailed, InstallProgress, discard
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.settings import settings_file, text_setting


class ProgramOrigin(Enum):
    """Where a program comes from, in the order in which places are tried."""

    ENVIRONMENT = "the environment"
    SETTINGS = "the user's settings"
    PATH = "PATH"
    PLUGINS = "the engine's plugin folder"
    CACHE = "the cache"
    DOWNLOAD = "the official download"
    BUILD = "a build with Go"


@dataclass(frozen=True, slots=True)
class FoundProgram:
    """A program that runs and is compatible.

    Attributes:
        path: Absolute path of the executable.
        version: Version such as 3.260.0.
        origin: Where it was found.
        variable: The environment variable that names it, "" for none.
    """

    path: Path
    version: str
    origin: ProgramOrigin
    variable: str = ""

    @property
    def place(self) -> str:
        """Returns where it was found, for people: the environment variable, or the origin."""
        return self.variable or self.origin.value


class NoSuitableProgram(RoheError):
    """No compatible program was found, and none could be installed; the detail has a reason for each place tried."""

    exit_code = ExitCode.UNREACHABLE


class Unsuitable(Exception):
    """A file does not serve as the program; the text is a sentence that says why."""


class ProgramSearch(ABC):
    """The search for one program.

    Attributes:
        title: Name of the program for people, such as `Pulumi engine`.
        variable: Environment variable that names its executable.
        setting: Key of the user's settings, in the table `engine`, that names its executable.
        command: The command that installs it, for hints.
    """

    title: str
    variable: str
    setting: str
    command: str

    @property
    @abstractmethod
    def wanted(self) -> str:
        """Returns the version that is installed, and the oldest that serves."""

    @abstractmethod
    def version_of(self, path: Path) -> str:
        """Returns the version that an executable says it has.

        Raises:
            Unsuitable: The file is no such program, or does not run.
        """

    @abstractmethod
    def elsewhere(self) -> Iterator[tuple[Path, ProgramOrigin]]:
        """Yields executables of the machine, best first, that neither the user named nor rohe installed."""

    @abstractmethod
    def cached(self) -> tuple[Path, ...]:
        """Returns where installations put the executable: bin/NAME of a folder of its own."""

    @abstractmethod
    def download(self, progress: InstallProgress) -> Path:
        """Downloads the program and returns its executable.

        Raises:
            InstallFailed: It cannot be downloaded.
        """

    @abstractmethod
    def build(self, progress: InstallProgress) -> Path:
        """Builds the program and returns its executable.

        Raises:
            InstallFailed: It cannot be built.
        """

    def missing(self, brief: str, detail: str, hint: str) -> NoSuitableProgram:
        """Returns the error that says that the program is missing."""
        return NoSuitableProgram(brief, detail=detail, hint=hint)

    def find(self, progress: InstallProgress, *, install: bool) -> FoundProgram:
        """Returns the first executable that runs and is compatible.

        An executable that the user named and that is not compatible is an error, never skipped.

        Args:
            progress: Receives a line for each step of an installation.
            install: Whether to install the program where none is found.

        Raises:
            NoSuitableProgram: There is none (exit code 10); the hint has the command that installs one.
            InvalidSettings: The user's settings cannot be read (exit code 64).
        """
        named = self._named_by_user()
        if named is not None:
            path, origin = named
            try:
                return self._examined(path, origin)
            except Unsuitable as reason:
                by_variable = origin is ProgramOrigin.ENVIRONMENT
                where = self.variable if by_variable else f"engine.{self.setting} in {settings_file()}"
                raise self.missing(
                    f"the {self.title} named by {where} does not serve",
                    str(reason),
                    f"name version {self.wanted} or newer there, or unset it and run `{self.command}`",
                ) from None
        refused: list[str] = []
        for path, origin in (*self.elsewhere(), *((path, ProgramOrigin.CACHE) for path in self._installed())):
            try:
                return self._examined(path, origin)
            except Unsuitable as reason:
                refused.append(f"{origin.value}: {reason}")
        if install:
            return self.install(progress, refused)
        raise self.missing(
            f"no {self.title} {self.wanted} or newer was found",
            "\n".join(refused or ["none on PATH, none in the cache"]),
            f"run `{self.command}`",
        )

    def install(self, progress: InstallProgress, refused: list[str] | None = None) -> FoundProgram:
        """Installs the wanted version into the cache by the official download, or else by a build with Go.

        A program that is in the cache already and runs is kept.

        Args:
            progress: Receives a line for each step.
            refused: Reasons why programs found before are not compatible, for the detail of an error.

        Raises:
            NoSuitableProgram: Neither way works (exit code 10).
        """
        reasons = list(refused or [])
        for path in self._installed():
            try:
                return self._examined(path, ProgramOrigin.CACHE)
            except Unsuitable:
                discard(path.parent.parent)
        if os.environ.get("ROHE_OFFLINE") == "1":
            reasons.append(f"{ProgramOrigin.DOWNLOAD.value}: skipped, as ROHE_OFFLINE=1 says")
        else:
            try:
                return self._checked(self.download(progress), ProgramOrigin.DOWNLOAD)
            except InstallFailed as failure:
                progress(f"no download: {failure.brief}")
                reasons.append(f"{ProgramOrigin.DOWNLOAD.value}: {_reason_of(failure)}")
        try:
            return self._checked(self.build(progress), ProgramOrigin.BUILD)
        except InstallFailed as failure:
            reasons.append(f"{ProgramOrigin.BUILD.value}: {_reason_of(failure)}")
        raise self.missing(
            f"the {self.title} {self.wanted} could not be installed",
            "\n".join(reasons),
            f"install version {self.wanted} or newer and put it on PATH or name it in {self.variable}; "
            f"or repair the network connection and run `{self.command}` again",
        )

    def _named_by_user(self) -> tuple[Path, ProgramOrigin] | None:
        name, origin = os.environ.get(self.variable, ""), ProgramOrigin.ENVIRONMENT
        if not name:
            name, origin = text_setting("engine", self.setting), ProgramOrigin.SETTINGS
        return (Path(name).expanduser().absolute(), origin) if name else None

    def _installed(self) -> tuple[Path, ...]:
        return tuple(path for path in self.cached() if path.exists())

    def _examined(self, path: Path, origin: ProgramOrigin) -> FoundProgram:
        """Raises Unsuitable where the executable does not run or is not compatible."""
        version = self.version_of(path)
        if not compatible(version, self.wanted):
            raise Unsuitable(
                f"{path} is version {version}, and rohe needs {self.wanted} or newer of the same major number"
            )
        return FoundProgram(path, version, origin, self.variable if origin is ProgramOrigin.ENVIRONMENT else "")

    def _checked(self, path: Path, origin: ProgramOrigin) -> FoundProgram:
        try:
            return self._examined(path, origin)
        except Unsuitable as reason:
            raise InstallFailed(str(reason)) from None


def numbers(version: str) -> tuple[int, int, int] | None:
    """Returns the three numbers that a version such as 3.260.0 begins with, None where it does not."""
    found = re.match(r"(\d+)\.(\d+)\.(\d+)(?![\d.])", version)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def compatible(version: str, wanted: str) -> bool:
    """Returns whether a version has the same major number as the wanted one and is not older (semver.org)."""
    found, least = numbers(version), numbers(wanted)
    return found is not None and least is not None and found[0] == least[0] and found >= least


def _reason_of(failure: InstallFailed) -> str:
    return "\n  ".join((failure.brief, *failure.detail.splitlines()))
