"""Supervision: starts the stack's supervisor daemon (supervisor 4.3), queries it over its socket, and ends it.

The daemon works in the stack's folder `run` and has every path relative to that folder. A stack may therefore be in any
folder: neither the quoting of the daemon's settings nor the 107 bytes of a unix socket's path limit its path.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.folders import write_private
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor import detach, logs, wrapper
from rohe_iac.targets.local.supervisor.processes import kill_marked

SOCKET = "supervisor.sock"
"""Name of the daemon's socket in the folder `run`."""

SETTINGS = """\
[supervisord]
logfile=../logs/supervisor.log
logfile_maxbytes=1MB
logfile_backups=1
pidfile=supervisord.pid
childlogdir=../logs
umask=077
nodaemon=true
silent=true
{user}
[unix_http_server]
file=/proc/self/cwd/supervisor.sock
chmod=0600
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[include]
files=programs/*/program.conf
"""
"""The daemon's settings."""

STARTER = '#!/bin/sh\nexec {python} -I -S -X utf8 {wrapper} "$@"\n'
"""The script that starts the wrapper of a program, which reads paths as UTF-8 in every locale."""

STARTUP = 15.0
"""Seconds that the daemon has to start, and that programs have to end."""


class SupervisorUnreachable(RoheError):
    """The supervisor does not start or does not answer."""

    exit_code = ExitCode.UNREACHABLE


@dataclass(frozen=True, slots=True)
class Supervised:
    """One program as the supervisor reports it.

    Attributes:
        name: Name of the program.
        state: State in the supervisor's words, such as RUNNING.
        pid: Process id, 0 for none.
    """

    name: str
    state: str
    pid: int


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, folder: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._folder = folder

    def connect(self) -> None:
        descriptor = os.open(self._folder, os.O_PATH | os.O_DIRECTORY)
        try:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.settimeout(self.timeout)
            self.sock.connect(f"/proc/self/fd/{descriptor}/{SOCKET}")
        finally:
            os.close(descriptor)


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, folder: Path, timeout: float) -> None:
        super().__init__()
        self._folder, self._timeout = folder, timeout

    def make_connection(self, host: Any) -> http.client.HTTPConnection:  # noqa: ARG002 - the socket is the host
        return _UnixConnection(self._folder, self._timeout)


class Supervision:
    """The supervisor daemon of one stack. Each call opens a connection of its own, so threads may share an instance."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    @contextlib.contextmanager
    def calls(self, timeout: float = 30.0) -> Iterator[Any]:
        """Yields the daemon's XML-RPC interface `supervisor`.

        Args:
            timeout: Seconds that each call may take.

        Raises:
            SupervisorUnreachable: The daemon does not answer.
            xmlrpc.client.Fault: The daemon refuses a call.
        """
        proxy = xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(self._layout.run, timeout))
        try:
            yield proxy.supervisor
        except (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError) as error:
            raise SupervisorUnreachable(
                "the stack's supervisor does not answer", detail=str(error), hint="run `rohe apply` again"
            ) from error
        finally:
            proxy("close")()

    def pid(self) -> int:
        """Returns the daemon's process id, or 0 where no daemon answers."""
        with contextlib.suppress(SupervisorUnreachable, xmlrpc.client.Fault), self.calls(timeout=5.0) as call:
            return int(call.getPID())
        return 0

    def all(self) -> dict[str, Supervised]:
        """Returns every program that the daemon has, by name; no program where no daemon answers."""
        with contextlib.suppress(SupervisorUnreachable, xmlrpc.client.Fault), self.calls(timeout=5.0) as call:
            return {
                info["name"]: Supervised(info["name"], info["statename"], info["pid"])
                for info in call.getAllProcessInfo()
            }
        return {}

    def ensure(self) -> bool:
        """Starts the daemon where no daemon answers, after ending every process that a dead daemon left.

        Returns:
            Whether the daemon was started.

        Raises:
            SupervisorUnreachable: The daemon does not answer within 15 s; the detail has the end of its log.
        """
        if self.pid():
            return False
        self._end_daemon([signal.SIGTERM, signal.SIGKILL])
        kill_marked(self._layout.programs)
        self._write_settings()
        self._start()
        deadline = time.monotonic() + STARTUP
        while not self.pid():
            if time.monotonic() > deadline:
                raise SupervisorUnreachable(
                    "the stack's supervisor does not start",
                    detail=logs.last_lines(self._layout.log("supervisor"), 10),
                    hint=f"read {self._layout.log('supervisor')}",
                )
            time.sleep(0.02)
        return True

    def end(self) -> None:
        """Stops all programs at the same time, then the daemon, then all processes left; no daemon is no error."""
        signals = [signal.SIGTERM, signal.SIGKILL]
        with contextlib.suppress(SupervisorUnreachable, xmlrpc.client.Fault), self.calls() as call:
            self._stop_all(call)
            # The daemon has nothing left to stop, and on SIGTERM it would sleep for a second before it ends.
            signals = [signal.SIGKILL]
        self._end_daemon(signals)
        kill_marked(self._layout.programs)

    def _stop_all(self, call: Any) -> None:
        # The daemon's own stopAllProcesses answers a second late. The daemon kills programs that ignore SIGTERM.
        names = [info["name"] for info in call.getAllProcessInfo()]
        for name in names:
            with contextlib.suppress(xmlrpc.client.Fault):
                call.stopProcess(name, False)
        deadline = time.monotonic() + STARTUP
        while any(info["pid"] for info in call.getAllProcessInfo()) and time.monotonic() < deadline:
            time.sleep(0.02)

    def _write_settings(self) -> None:
        run = self._layout.run
        # With `user` set, the daemon does not warn that it runs as root.
        user = "user=root\n" if os.geteuid() == 0 else ""
        write_private(run / "supervisord.conf", SETTINGS.format(user=user).encode())
        starter = STARTER.format(python=shlex.quote(sys.executable), wrapper=shlex.quote(str(wrapper.__file__)))
        write_private(run / "start", os.fsencode(starter))
        (run / "start").chmod(0o700)
        (run / SOCKET).unlink(missing_ok=True)

    def _start(self) -> None:
        command = [
            sys.executable,
            "-P",
            "-X",
            "utf8",
            "-m",
            "supervisor.supervisord",
            "-c",
            "/proc/self/cwd/supervisord.conf",
        ]
        log = self._layout.log("supervisor")
        subprocess.run(
            [sys.executable, "-I", "-S", str(detach.__file__), str(self._layout.run), str(log), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # The daemon outlives this run, so it gets neither the engine's nor the user's other variables.
            env={name: os.environ[name] for name in ("HOME", "LANG", "PATH", "TMPDIR") if name in os.environ},
            check=True,
            timeout=15,
        )

    def _end_daemon(self, signals: Sequence[signal.Signals]) -> None:
        for pid in _daemons(self._layout.run):
            _end_process(pid, signals)


def _daemons(run: Path) -> list[int]:
    # The command line and the working directory identify a daemon that no longer answers, and never another stack's.
    pids = []
    for entry in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            supervisor = b"supervisor.supervisord" in Path("/proc", entry, "cmdline").read_bytes()
            if supervisor and os.path.samefile(f"/proc/{entry}/cwd", run):
                pids.append(int(entry))
    return pids


def _end_process(pid: int, signals: Sequence[signal.Signals]) -> None:
    ticks = wrapper.start_ticks(pid)
    for number in signals:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
        deadline = time.monotonic() + 10.0
        while time.monotonic() < deadline:
            if wrapper.start_ticks(pid) != ticks or _is_zombie(pid):
                return
            time.sleep(0.02)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rsplit(b")", 1)[1].split()[0] == b"Z"
    except (OSError, IndexError):
        return True
