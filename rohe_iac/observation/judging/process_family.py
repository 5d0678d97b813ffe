"""Process family: the descendants of a process, whatever sessions they began, and the memory that they take together.

Without /proc (macOS) no process has descendants here, and nothing takes memory.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")
"""Where the kernel shows processes."""

OWN_MEMORY = frozenset({"Pss_Anon", "Pss_Shmem", "SwapPss"})
"""Fields of smaps_rollup (proc_pid_smaps(5)) that make up a process's own memory; shared pages count in parts."""

RESIDENT_MEMORY = frozenset({"RssAnon", "RssShmem", "VmSwap"})
"""Fields of status (proc_pid_status(5)) for the same, before Linux 5.9; shared pages count whole in every process."""


def descendants(pid: int) -> list[int]:
    """Returns the processes that descend from a process, parents before children."""
    children: dict[int, list[int]] = defaultdict(list)
    with contextlib.suppress(OSError):
        for name in os.listdir(PROC):
            if name.isdecimal():
                with contextlib.suppress(OSError, ValueError, IndexError):
                    # The name of a program may contain anything, so that fields are counted from its end.
                    parent = (PROC / name / "stat").read_bytes().rpartition(b")")[2].split()[1]
                    children[int(parent)].append(int(name))
    found = [pid]
    for member in found:
        found += children.pop(member, [])
    return found[1:]


def stop_descendants(pid: int) -> list[int]:
    """Stops all descendants of a process, until `resume`, and returns them."""
    stopped: list[int] = []
    # One that was not stopped yet may have started another meanwhile.
    while new := [member for member in descendants(pid) if member not in stopped]:
        send(new, signal.SIGSTOP)
        stopped += new
    return stopped


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Sends a signal to those of some processes that are still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def memory_of(pids: Iterable[int]) -> int:
    """Returns the bytes of anonymous, shared and swapped memory that processes have, without mapped files."""
    total = 0
    for pid in pids:
        total += _sum_of(pid, "smaps_rollup", OWN_MEMORY) or _sum_of(pid, "status", RESIDENT_MEMORY)
    return total


def _sum_of(pid: int, file: str, names: frozenset[str]) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = (line.partition(":") for line in (PROC / str(pid) / file).read_text().splitlines())
        return 1024 * sum(int(value.split()[0]) for name, _, value in lines if name in names)
    return 0
