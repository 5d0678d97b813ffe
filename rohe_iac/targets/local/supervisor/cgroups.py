"""Limits of a program: control groups (version 1), where this user may make them; elsewhere there are none."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from pathlib import Path

from rohe_iac.foundation.canonical import sha256_hex

ROOT = Path("/sys/fs/cgroup")


PERIOD = 100_000
"""Microseconds over which a share of processor time is measured; the kernel's default."""


def make(folder: Path, cpu: int, memory: int) -> tuple[str, ...]:
    """Groups for the program of `folder`, at most `cpu` millicores and `memory` bytes (0: unlimited).

    They are made below the group this process is in, so that its own limits go on holding. Those that could not be
    made are left out.
    """
    settings = []
    if memory:
        settings.append(("memory", "memory.limit_in_bytes", memory))
    if cpu:
        settings.append(("cpu", "cpu.cfs_quota_us", max(1000, cpu * PERIOD // 1000)))
    made = []
    for controller, file, value in settings:
        group = _own(controller) / f"rohe-{sha256_hex(str(folder).encode())[:16]}"
        with contextlib.suppress(OSError):
            if (group.parent / "cgroup.procs").exists():
                group.mkdir(exist_ok=True)
                (group / file).write_text(str(value))
                made.append(str(group))
    return tuple(made)


def remove(groups: Iterable[str]) -> None:
    """Removes groups whose processes have ended; the kernel may need a moment to notice that they have."""
    for group in groups:
        for _ in range(20):
            try:
                os.rmdir(group)
            except FileNotFoundError:
                break
            except OSError:
                time.sleep(0.01)
            else:
                break


def _own(controller: str) -> Path:
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return ROOT / controller / path.lstrip("/")
    return ROOT / controller
