"""Control groups (version 1) that limit a program, where this user may make them; elsewhere there are no limits."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from pathlib import Path

from rohe_iac.foundation.canonical import sha256_hex

ROOT = Path("/sys/fs/cgroup")
"""The folder where the kernel shows control groups."""

PERIOD = 100_000
"""Microseconds over which the kernel measures a share of processor time; its default."""


def make(folder: Path, cpu: int, memory: int) -> tuple[str, ...]:
    """Makes the control groups of a program, below the groups of this process, whose limits therefore still hold.

    Args:
        folder: The program's folder, which the groups are named after.
        cpu: Limit in millicores, 0 for none.
        memory: Limit in bytes, 0 for none.

    Returns:
        Paths of the groups; a group that cannot be made is left out.
    """
    settings = []
    if memory:
        settings.append(("memory", "memory.limit_in_bytes", memory))
    if cpu:
        settings.append(("cpu", "cpu.cfs_quota_us", max(1000, cpu * PERIOD // 1000)))
    groups = []
    for controller, file, value in settings:
        group = _own_group(controller) / f"rohe-{sha256_hex(str(folder).encode())[:16]}"
        with contextlib.suppress(OSError):
            if (group.parent / "cgroup.procs").exists():
                group.mkdir(exist_ok=True)
                (group / file).write_text(str(value))
                groups.append(str(group))
    return tuple(groups)


def remove(groups: Iterable[str]) -> None:
    """Removes groups whose processes have ended, which the kernel may notice a moment later."""
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


def _own_group(controller: str) -> Path:
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return ROOT / controller / path.lstrip("/")
    return ROOT / controller
