"""Processes of this machine: who holds a port, what a stack left running, and ending it."""

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
"""Environment variable of every local process: the folder of its program. Children inherit it, however they detach."""


def port_is_free(port: int) -> bool:
    """Whether a server could listen on that TCP port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


def holders(ports: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Who listens on the ports: port -> (pid, command), pid 0 and "" where the kernel does not tell this user."""
    import psutil

    wanted = set(ports)
    found: dict[int, tuple[int, str]] = {}
    if not wanted:
        return found
    for connection in psutil.net_connections(kind="tcp"):
        if connection.status != psutil.CONN_LISTEN or not connection.laddr:
            continue
        if connection.laddr.port in wanted:
            found.setdefault(connection.laddr.port, (connection.pid or 0, _command(connection.pid)))
    return found


def _command(pid: int | None) -> str:
    import psutil

    if not pid:
        return ""
    try:
        return " ".join(psutil.Process(pid).cmdline())[:120]
    except psutil.Error:
        return ""


def marked_processes(under: Path) -> dict[int, str]:
    """The processes whose environment marks them as programs below the folder `under`: pid -> folder of the program."""
    prefix = f"{MARK}={under}/".encode()
    found: dict[int, str] = {}
    for entry in os.listdir("/proc"):
        if not entry.isdecimal():
            continue
        with contextlib.suppress(OSError):
            for variable in Path("/proc", entry, "environ").read_bytes().split(b"\0"):
                if variable.startswith(prefix):
                    found[int(entry)] = variable.split(b"=", 1)[1].decode(errors="replace")
    found.pop(os.getpid(), None)
    return found


def kill_marked(under: Path, *, timeout: float = 5.0) -> int:
    """Kills every process marked below `under` and waits until none is left; how many there were."""
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
