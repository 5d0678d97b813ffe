"""The root folder of a container runtime that has images: filled once, and copied by links for each node."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

DATABASE = ".db"
"""Ending of the files that the runtime changes in place; all other files are only added and removed."""
SETTINGS = """\
version = 2
root = "{root}"
state = "{state}"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
address = "{state}/containerd.sock"
"""


def import_images(root: Path, archives: Iterable[Path]) -> None:
    """Has a container runtime import image archives into a root folder; images of the same names are replaced."""
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="store-", dir="/tmp") as name:
        socket, settings = Path(name) / "containerd.sock", Path(name) / "containerd.toml"
        settings.write_text(SETTINGS.format(root=root, state=name))
        runtime = subprocess.Popen(
            ["containerd", "--config", str(settings)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while not socket.exists() and runtime.poll() is None:
                time.sleep(0.05)
            for archive in archives:
                control = [
                    "ctr",
                    "--address",
                    str(socket),
                    "-n",
                    "k8s.io",
                    "images",
                    "import",
                    "--snapshotter",
                    snapshotter(),
                ]
                subprocess.run([*control, str(archive)], check=True, capture_output=True)
        finally:
            runtime.terminate()
            runtime.wait()


def copy_store(root: Path, copy: Path) -> None:
    """Copies a root folder by hard links, so that nothing of its images takes room twice; databases are copied."""

    def link_or_copy(source: str, target: str) -> str:
        if source.endswith(DATABASE):
            return str(shutil.copy2(source, target))
        os.link(source, target, follow_symlinks=False)
        return target

    shutil.copytree(root, copy, symlinks=True, copy_function=link_or_copy)


def snapshotter() -> str:
    """Returns the name of the snapshotter that this machine's kernel allows."""
    return "overlayfs" if "\toverlay\n" in Path("/proc/filesystems").read_text() else "native"
