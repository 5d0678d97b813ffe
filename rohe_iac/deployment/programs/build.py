"""Build: builds the executables of a Go module into the cache, once, for machines that no download reaches or fits.

The Go modules (go.mod, go.sum and Go sources) are part of the package: a build works from a checkout and from a wheel.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from rohe_iac.deployment.programs.cache import (
    InstallFailed,
    InstallProgress,
    build_home,
    installer_lock,
    staging_folder,
)
from rohe_iac.deployment.programs.go_module import GO_PIN, GoModule
from rohe_iac.deployment.programs.go_toolchain import go_environment, machine_go, private_go
from rohe_iac.deployment.programs.process import child, kill_group
from rohe_iac.foundation.clock import SystemClock

_BUILD_TIMEOUT = 3600.0
"""Seconds after which a build is killed."""


def build(module: GoModule, progress: InstallProgress) -> Path:
    """Builds all executables of a Go module into the cache, unless they are there, and returns their folder.

    One build of this machine runs at a time; Go's own cache makes later builds short.

    Args:
        module: The module to build.
        progress: Receives a line for each line that Go prints.

    Raises:
        InstallFailed: There is no usable Go, or the build fails; the detail names the log.
    """
    if not module.built:
        machine = machine_go(module.path)
        go = machine[0] if machine else private_go(module.path, GO_PIN, progress)
        with installer_lock(build_home(), progress):
            if not module.built:
                with staging_folder(module.folder) as staging:
                    _build(module, go, staging, progress)
    return module.folder / "bin"


def _build(module: GoModule, go: Path, staging: Path, progress: InstallProgress) -> None:
    sources = staging / "module"
    sources.mkdir()
    for path in module.files:
        shutil.copyfile(path, sources / path.name)
    log = module.folder.with_suffix(".log")
    with open(log, "w", encoding="utf-8") as kept:
        for name, package in module.packages.items():
            flags = ["-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", module.linker_flags]
            command = [str(go), "build", *flags, "-o", str(staging / "bin" / name), package]
            if _run(command, sources, kept, progress, f"{module.title} {module.version}", go) != 0:
                last = log.read_text(encoding="utf-8").splitlines()[-3:]
                raise InstallFailed("the build with Go failed", detail="\n".join((*last, f"the whole log is {log}")))
    shutil.rmtree(sources)


def _run(command: list[str], sources: Path, log: TextIO, progress: InstallProgress, title: str, go: Path) -> int:
    try:
        with child(command, cwd=sources, environment=go_environment(go)) as process:
            watchdog = threading.Timer(_BUILD_TIMEOUT, kill_group, [process])
            watchdog.daemon = True
            watchdog.start()
            assert process.stdout is not None
            _follow(process.stdout, log, progress, title)
            status = process.wait()
            watchdog.cancel()
            return status
    except OSError as error:
        raise InstallFailed(f"Go could not be started: {error}") from error


def _follow(lines: Iterable[str], log: TextIO, progress: InstallProgress, title: str) -> None:
    clock = SystemClock()
    start = clock.monotonic()
    fetched = compiled = 0
    progress(f"building {title} with Go")
    for line in lines:
        log.write(line)
        if line.startswith("go: downloading"):
            fetched += 1
        elif not line.startswith(("go:", "#", "\t")):
            compiled += 1
        spent = clock.monotonic() - start
        progress(f"building {title}: {fetched} modules fetched, {compiled} packages compiled, {spent:.0f} s")
    log.flush()
