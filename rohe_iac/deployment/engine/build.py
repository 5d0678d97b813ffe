"""Engine build: builds the engine with Go, for machines that the official download does not reach or fit.

The Go module (go.mod, go.sum, tools.go) is part of the package, so the build works from a checkout and from a wheel.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from rohe_iac.deployment.engine.cache import InstallFailed, InstallProgress, build_home, installer_lock, staging_folder
from rohe_iac.deployment.engine.go_toolchain import go_environment, machine_go, private_go
from rohe_iac.deployment.engine.process import child, kill_group
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.foundation.clock import SystemClock

MODULE = Path(__file__).parent / "engine_module"
"""The folder of the engine's Go module: tools/pulumi of a checkout."""

_SOURCES = ("go.mod", "go.sum", "tools.go")
"""The files of the Go module."""

_PACKAGE = "github.com/pulumi/pulumi/pkg/v3"
"""The Go package of the engine."""

_BUILD_TIMEOUT = 3600.0
"""Seconds after which a build is killed."""


def engine_version() -> str:
    """Returns the version of the engine that the Go module requires, such as 3.260.0.

    Raises:
        InstallFailed: The Go module does not require the engine.
    """
    found = re.search(rf"{re.escape(_PACKAGE)} v(\S+)", (MODULE / "go.mod").read_text(encoding="utf-8"))
    if found is None:
        raise InstallFailed(f"{MODULE / 'go.mod'} does not require {_PACKAGE}", hint="install rohe again")
    return found[1]


def build_folder() -> Path:
    """Returns the folder for the engine built from the present sources; the folder's name has a digest of them."""
    parts = [sha256_hex((MODULE / name).read_bytes()) for name in _SOURCES]
    digest = sha256_hex("\n".join((*parts, engine_version())).encode())
    return build_home() / f"pulumi-{digest[:16]}"


def built_engine() -> Path:
    """Returns the path of the executable inside build_folder(), whether that file exists or not."""
    return build_folder() / "bin" / "pulumi"


def build_engine(progress: InstallProgress) -> Path:
    """Builds the engine into the cache, unless it is there, and returns the path of its executable.

    The first build takes about five minutes on two cores; Go's own cache makes later builds short.

    Args:
        progress: Receives a line for each line that Go prints.

    Raises:
        InstallFailed: There is no usable Go, or the build fails; the detail names the log.
    """
    executable = built_engine()
    if executable.is_file():
        return executable
    machine = machine_go(MODULE)
    go = machine[0] if machine else private_go(MODULE, progress)
    with installer_lock(build_home(), progress):
        if not executable.is_file():
            with staging_folder(build_folder()) as staging:
                _build(go, staging, progress)
    return executable


def _build(go: Path, staging: Path, progress: InstallProgress) -> None:
    sources = staging / "module"
    sources.mkdir()
    for name in _SOURCES:
        shutil.copyfile(MODULE / name, sources / name)
    version = engine_version()
    flags = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={version}"
    command = [str(go), "build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", flags]
    command += ["-o", str(staging / "bin" / "pulumi"), f"{_PACKAGE}/cmd/pulumi"]
    log = build_folder().with_suffix(".log")
    try:
        with (
            child(command, cwd=sources, environment=go_environment(go)) as process,
            open(log, "w", encoding="utf-8") as kept,
        ):
            watchdog = threading.Timer(_BUILD_TIMEOUT, kill_group, [process])
            watchdog.daemon = True
            watchdog.start()
            assert process.stdout is not None
            _follow(process.stdout, kept, progress, version)
            status = process.wait()
            watchdog.cancel()
    except OSError as error:
        raise InstallFailed(f"Go could not be started: {error}") from error
    if status != 0:
        last = log.read_text(encoding="utf-8").splitlines()[-3:]
        raise InstallFailed("the build with Go failed", detail="\n".join((*last, f"the whole log is {log}")))
    shutil.rmtree(sources)


def _follow(lines: Iterable[str], log: TextIO, progress: InstallProgress, version: str) -> None:
    clock = SystemClock()
    start = clock.monotonic()
    fetched = compiled = 0
    progress(f"building Pulumi {version} with Go")
    for line in lines:
        log.write(line)
        if line.startswith("go: downloading"):
            fetched += 1
        elif not line.startswith(("go:", "#", "\t")):
            compiled += 1
        spent = clock.monotonic() - start
        progress(f"building Pulumi {version}: {fetched} modules fetched, {compiled} packages compiled, {spent:.0f} s")
    log.flush()
