"""Processes of this machine: finds holders of ports and processes of a stack, and kills the latter."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rohe_iac.deployment.engine.leftovers import kill_found
from rohe_iac.targets.local.supervisor.wrapper import start_ticks

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


def ports_of_group(group: int, by_socket: Mapping[int, int]) -> set[int]:
    """Returns the TCP ports that the processes of a process group listen on.

    Args:
        group: Number of the process group.
        by_socket: Ports that any process listens on by the number of the socket, as `listeners` returns them.
    """
    ports = set()
    for entry in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.getpgid(int(entry)) != group:
                continue
            for descriptor in os.listdir(f"/proc/{entry}/fd"):
                with contextlib.suppress(OSError):
                    target = os.readlink(f"/proc/{entry}/fd/{descriptor}")
                    if target.startswith("socket:[") and int(target[8:-1]) in by_socket:
                        ports.add(by_socket[int(target[8:-1])])
    return ports


def state_letter(pid: int) -> str:
    """Returns the state of a process as in /proc/PID/stat, such as S, T (suspended) or Z (ended), "" for no process."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rsplit(b")", 1)[1].split()[0].decode()
    except (OSError, IndexError):
        return ""


def is_suspended(pid: int) -> bool:
    """Returns whether a process was suspended, by SIGSTOP or by a debugger."""
    return state_letter(pid) in ("T", "t")


def end_group(pid: int, ticks: int | None, *, patience: float = 5.0) -> None:
    """Ends a process group by SIGTERM, and after `patience` seconds by SIGKILL.

    Args:
        pid: The group's leader.
        ticks: Start of the leader in clock ticks since boot; another process with its number is left alone.
        patience: Seconds between the signals.
    """
    deadline = time.monotonic() + patience
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if start_ticks(pid) != ticks:
            return
        os.killpg(pid, signal.SIGTERM)
        os.killpg(pid, signal.SIGCONT)
        while time.monotonic() < deadline:
            if start_ticks(pid) != ticks or state_letter(pid) == "Z":
                return
            time.sleep(0.05)
        os.killpg(pid, signal.SIGKILL)


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
    return kill_found(lambda: marked_processes(under), timeout=timeout)


def processes_in(run: Path, names: Sequence[bytes]) -> list[int]:
    """Returns the processes of one stack, other than this one, whose command lines have one of the names.

    The command line and the working directory identify a daemon that no longer answers, and never another stack's.
    """
    pids = []
    for entry in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            line = Path("/proc", entry, "cmdline").read_bytes()
            if not any(name in line for name in names) or int(entry) == os.getpid():
                continue
            if os.path.samefile(f"/proc/{entry}/cwd", run) and state_letter(int(entry)) != "Z":
                pids.append(int(entry))
    return pids


def end_process(pid: int, signals: Sequence[signal.Signals]) -> None:
    """Ends a process by the signals in turn, each with 10 s to take effect."""
    ticks = start_ticks(pid)
    for number in signals:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
        deadline = time.monotonic() + 10.0
        while time.monotonic() < deadline:
            if start_ticks(pid) != ticks or state_letter(pid) in ("Z", ""):
                return
            time.sleep(0.02)
