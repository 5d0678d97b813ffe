"""Engine search: which Pulumi engine is driven, found or else installed, always in the same order."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from rohe_iac.deployment.engine.download import download_engine
from rohe_iac.deployment.programs.build import build
from rohe_iac.deployment.programs.cache import InstallFailed, InstallProgress, discard, download_home, silent
from rohe_iac.deployment.programs.go_module import PULUMI
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.settings import settings_file, text_setting

_VERSION_TIMEOUT = 30.0
"""Seconds that an engine has to print its version."""

INSTALL_COMMAND = "rohe engine install"
"""The command that installs an engine, for hints."""


class EngineOrigin(Enum):
    """Where an engine comes from, in the order in which places are tried."""

    ENVIRONMENT = "ROHE_PULUMI"
    SETTINGS = "the user's settings"
    PATH = "PATH"
    CACHE = "the cache"
    DOWNLOAD = "the official download"
    BUILD = "a build with Go"


@dataclass(frozen=True, slots=True)
class Engine:
    """A Pulumi command line that runs.

    Attributes:
        path: Absolute path of the executable.
        version: Version such as 3.260.0.
        origin: Where the engine was found.
    """

    path: Path
    version: str
    origin: EngineOrigin


class EngineMissing(RoheError):
    """No engine that fits was found, and none could be installed; the detail has a reason for each place tried."""

    exit_code = ExitCode.UNREACHABLE


def engine_version() -> str:
    """Returns the version of the engine that rohe is tested with and installs, such as 3.260.0."""
    return PULUMI.version


def fits(version: str) -> bool:
    """Checks whether `version` has the same major number as engine_version() and is not older."""
    found, wanted = _numbers(version), _numbers(engine_version())
    return found is not None and wanted is not None and found[0] == wanted[0] and found >= wanted


def minor_version(version: str) -> tuple[int, int]:
    """Returns the major and minor number of a version such as 3.260.0; (0, 0) where it is none."""
    numbers = _numbers(version)
    return numbers[:2] if numbers else (0, 0)


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
    named = _named_by_user()
    if named is not None:
        path, origin = named
        engine = _engine_at(path, origin)
        if isinstance(engine, Engine):
            return engine
        where = "ROHE_PULUMI" if origin is EngineOrigin.ENVIRONMENT else f"engine.pulumi in {settings_file()}"
        raise EngineMissing(
            f"the Pulumi engine named by {where} does not serve",
            detail=engine,
            hint=f"name a Pulumi {engine_version()} or newer there, or unset it and run `{INSTALL_COMMAND}`",
        )
    refused: list[str] = []
    for path, origin in _candidates():
        engine = _engine_at(path, origin)
        if isinstance(engine, Engine):
            return engine
        refused.append(f"{origin.value}: {engine}")
    if install:
        return install_engine(progress, refused)
    raise EngineMissing(
        f"no Pulumi engine {engine_version()} or newer was found",
        detail="\n".join(refused or ["no `pulumi` on PATH, none in the cache"]),
        hint=f"run `{INSTALL_COMMAND}`",
    )


def install_engine(progress: InstallProgress = silent, refused: list[str] | None = None) -> Engine:
    """Installs engine_version() into the cache by the official download or else a build with Go.

    An engine that is in the cache already and runs is kept.

    Args:
        progress: Receives a line for each step.
        refused: Reasons why engines found before do not fit, for the detail of an error.

    Raises:
        EngineMissing: Neither way works (exit code 10).
    """
    reasons = list(refused or [])
    version = engine_version()
    for path in _cached_engines():
        engine = _engine_at(path, EngineOrigin.CACHE)
        if isinstance(engine, Engine):
            return engine
        discard(path.parent.parent)
    if os.environ.get("ROHE_OFFLINE") == "1":
        reasons.append(f"{EngineOrigin.DOWNLOAD.value}: skipped, as ROHE_OFFLINE=1 says")
    else:
        try:
            return _check_installed(download_engine(version, progress), EngineOrigin.DOWNLOAD)
        except InstallFailed as failure:
            progress(f"no download: {failure.brief}")
            reasons.append(f"{EngineOrigin.DOWNLOAD.value}: {_reason_of(failure)}")
    try:
        return _check_installed(build(PULUMI, progress) / "pulumi", EngineOrigin.BUILD)
    except InstallFailed as failure:
        reasons.append(f"{EngineOrigin.BUILD.value}: {_reason_of(failure)}")
    raise EngineMissing(
        f"the Pulumi engine {version} could not be installed",
        detail="\n".join(reasons),
        hint=f"install Pulumi {version} or newer and put it on PATH or name it in ROHE_PULUMI; "
        f"or repair the network connection and run `{INSTALL_COMMAND}` again",
    )


def _named_by_user() -> tuple[Path, EngineOrigin] | None:
    for text, origin in ((os.environ.get("ROHE_PULUMI", ""), EngineOrigin.ENVIRONMENT), (None, EngineOrigin.SETTINGS)):
        name = text_setting("engine", "pulumi") if text is None else text
        if name:
            return Path(name).expanduser().absolute(), origin
    return None


def _candidates() -> Iterator[tuple[Path, EngineOrigin]]:
    on_path = shutil.which("pulumi")
    if on_path is not None:
        yield Path(on_path).absolute(), EngineOrigin.PATH
    for path in _cached_engines():
        yield path, EngineOrigin.CACHE


def _cached_engines() -> tuple[Path, ...]:
    paths = (download_home() / engine_version() / "bin" / "pulumi", PULUMI.executable("pulumi"))
    return tuple(path for path in paths if path.exists())


def _engine_at(path: Path, origin: EngineOrigin) -> Engine | str:
    """Returns the engine at `path`, or a sentence that says why that file does not serve as one."""
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
        return f"{path} cannot be started: {error.strerror}"
    except subprocess.TimeoutExpired:
        return f"{path} did not print its version within {_VERSION_TIMEOUT:g} s"
    version = done.stdout.strip().removeprefix("v")
    if done.returncode != 0 or _numbers(version) is None:
        return f"{path} does not print a version"
    if not fits(version):
        return f"{path} is version {version}, and rohe needs {engine_version()} or newer of the same major number"
    return Engine(path, version, origin)


def _check_installed(path: Path, origin: EngineOrigin) -> Engine:
    engine = _engine_at(path, origin)
    if isinstance(engine, str):
        raise InstallFailed(engine)
    return engine


def _reason_of(failure: InstallFailed) -> str:
    return "\n  ".join((failure.brief, *failure.detail.splitlines()))


def _numbers(version: str) -> tuple[int, int, int] | None:
    found = re.match(r"(\d+)\.(\d+)\.(\d+)(?![\d.])", version)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None
