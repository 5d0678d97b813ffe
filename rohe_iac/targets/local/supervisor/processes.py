"""Processes of this machine: finds holders of ports and processes of a stack, and kills the latter."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import time
from collections.abc import Iterable
from pathlib import Path

MARK = "ROHE_PROGRAM"
"""Variable of every supervised process with the folder of its program; children inherit it, even detached ones."""


def port_is_free(port: int) -> bool:
    """Returns whether a server could listen on the TCP port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


def holders(ports: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Returns the processes that listen on TCP ports.

    Returns:
        (process id, command) by port; (0, "") for a process that the kernel hides from this user.
    """
    import psutil

    wanted = set(ports)
    processes: dict[int, tuple[int, str]] = {}
    if not wanted:
        return processes
    for connection in psutil.net_connections(kind="tcp"):
        if connection.status != psutil.CONN_LISTEN or not connection.laddr:
            continue
        if connection.laddr.port in wanted:
            processes.setdefault(connection.laddr.port, (connection.pid or 0, _command(connection.pid)))
    return processes


def _command(pid: int | None) -> str:
    import psutil

    if not pid:
        return ""
    try:
        return " ".join(psutil.Process(pid).cmdline())[:120]
    except psutil.Error:
        return ""


def marked_processes(under: Path) -> dict[int, str]:
    """Returns the folder of the program by process id, of every process marked as a program below `under`."""
    prefix = os.fsencode(f"{MARK}={under}/")
    folders: dict[int, str] = {}
    for entry in os.listdir("/proc"):
        if not entry.isdecimal():
            continue
        with contextlib.suppress(OSError):
            for variable in Path("/proc", entry, "environ").read_bytes().split(b"\0"):
                if variable.startswith(prefix):
                    folders[int(entry)] = variable.split(b"=", 1)[1].decode(errors="replace")
    folders.pop(os.getpid(), None)
    return folders


def kill_marked(under: Path, *, timeout: float = 5.0) -> int:
    """Kills every process marked as a program below `under`.

    Args:
        under: A folder of programs.
        timeout: Seconds to wait until no process is left.

    Returns:
        The number of processes that were killed.
    """
    ended: set[int] = set()
    deadline = time.monotonic() + timeout
    while remaining := marked_processes(under):
        for pid in remaining:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        ended |= remaining.keys()
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    return len(ended)
