"""Control groups, version 1 and 2, that limit a program where this user may make them; elsewhere the reason why not.

Sources: cgroups(7), and the kernel's documents admin-guide/cgroup-v1 and admin-guide/cgroup-v2.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.foundation.quantities import shown_bytes, shown_cpu

ROOT = Path("/sys/fs/cgroup")
"""The folder where the kernel shows control groups."""

OWN = Path("/proc/self/cgroup")
"""The file that names the control groups of this process."""

PERIOD = 100_000
"""Microseconds over which the kernel measures a share of processor time; its default."""

MAIN = "rohe-main"
"""The group for the processes of a version 2 group, which may have none itself once it limits groups below it."""

KILLS = ("memory.oom_control", "memory.events")
"""Files that count the processes killed at a memory limit, in version 1 and 2; both have a line `oom_kill N`."""


@dataclass(frozen=True, slots=True)
class ControlGroups:
    """What limits a program.

    Attributes:
        groups: Paths of the control groups that the program joins.
        missing: A sentence for each limit that is not in force, with the reason.
    """

    groups: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class _Unavailable(Exception):
    """A limit cannot be set, for the reason of the message."""


def make(folder: Path, cpu: int, memory: int) -> ControlGroups:
    """Makes the control groups of a program, below the groups of this process, whose limits therefore still hold.

    Args:
        folder: The program's folder, which the groups are named after.
        cpu: Limit in millicores, 0 for none.
        memory: Limit in bytes, 0 for none.
    """
    name = f"rohe-{sha256_hex(str(folder).encode())[:16]}"
    wanted = []
    if memory:
        wanted.append(
            ("memory", f"memory {shown_bytes(memory)}", str(memory), {1: "memory.limit_in_bytes", 2: "memory.max"})
        )
    if cpu:
        quota = max(1000, cpu * PERIOD // 1000)
        wanted.append(("cpu", f"cpu {shown_cpu(cpu)}", str(quota), {1: "cpu.cfs_quota_us", 2: "cpu.max"}))
    groups: list[str] = []
    missing = []
    for controller, words, value, files in wanted:
        try:
            parent, version = _parent(controller)
            if version == 2:
                enable(parent, controller)
            group = parent / name
            group.mkdir(exist_ok=True)
            (group / files[version]).write_text(value)
        except _Unavailable as error:
            missing.append(f"limit of {words} is not in force: {error}")
        except OSError as error:
            missing.append(f"limit of {words} is not in force: {error.filename}: {error.strerror}")
        else:
            groups += [str(group)] if str(group) not in groups else []
    return ControlGroups(tuple(groups), tuple(missing))


def obstacle(controller: str) -> str:
    """Returns why this process cannot limit `memory` or `cpu` of a program, "" where it can; changes nothing."""
    try:
        parent, version = _parent(controller)
        control = parent / "cgroup.subtree_control"
        if version == 2 and controller not in _words(control) and not os.access(control, os.W_OK):
            return f"{parent} does not delegate {controller} to this user"
    except _Unavailable as error:
        return str(error)
    return ""


def limits_obstacle() -> tuple[str, str]:
    """Returns why this process cannot limit programs, and what to do about it; ("", "") where it can."""
    why = "; ".join(dict.fromkeys(filter(None, map(obstacle, ("memory", "cpu")))))
    if not why:
        return "", ""
    if (ROOT / "cgroup.controllers").exists():
        return why, "apply in a delegated group: systemd-run --user --scope -p Delegate=yes rohe apply"
    return why, "apply as root, or as a user who may make groups there"


def memory_kills(groups: Iterable[str]) -> int:
    """Returns how many processes of the groups the kernel has killed at the groups' memory limit."""
    count = 0
    for group in groups:
        for file in KILLS:
            with contextlib.suppress(OSError, ValueError):
                for line in Path(group, file).read_text().splitlines():
                    count += int(line.split()[1]) if line.startswith("oom_kill ") else 0
    return count


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


def _parent(controller: str) -> tuple[Path, int]:
    """Returns the group of this process that has the controller, and the version of its hierarchy."""
    try:
        lines = [line.split(":", 2) for line in OWN.read_text().splitlines()]
    except OSError:
        lines = []
    for _, controllers, path in lines:
        if controller in controllers.split(","):
            return _writable(ROOT / controller / path.lstrip("/")), 1
    for number, _, path in lines:
        if number != "0":
            continue
        mount = ROOT if (ROOT / "cgroup.controllers").exists() else ROOT / "unified"
        parent = mount / path.lstrip("/")
        parent = parent.parent if parent.name == MAIN else parent
        if controller not in _words(parent / "cgroup.controllers"):
            raise _Unavailable(f"{parent} has no controller {controller}")
        return _writable(parent), 2
    raise _Unavailable(f"the kernel shows no control groups at {ROOT}")


def _writable(parent: Path) -> Path:
    if not (parent / "cgroup.procs").exists():
        raise _Unavailable(f"{parent} is not there")
    if not os.access(parent, os.W_OK):
        raise _Unavailable(f"this user may not make groups in {parent}")
    return parent


def enable(parent: Path, controller: str) -> None:
    """Lets the groups below `parent` have the controller; the processes of `parent` move to a group of their own."""
    control = parent / "cgroup.subtree_control"
    if controller in _words(control):
        return
    with contextlib.suppress(OSError):
        control.write_text(f"+{controller}")
        return
    main = parent / MAIN
    main.mkdir(exist_ok=True)
    for pid in _words(parent / "cgroup.procs"):
        with contextlib.suppress(ProcessLookupError):
            (main / "cgroup.procs").write_text(pid)
    control.write_text(f"+{controller}")


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []
