"""Supervision: the stack's supervisor daemon (supervisor 4.3), started, asked over its socket, and ended.

The daemon works in the stack's folder `run` and knows every path relative to it, so that neither its settings file's
quoting nor the 107 bytes of a unix socket's path limit where a stack may live.
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
from rohe_iac.targets.local.supervisor import detach, wrapper
from rohe_iac.targets.local.supervisor.processes import kill_marked

SOCKET = "supervisor.sock"


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


STARTER = '#!/bin/sh\nexec {python} -I -S {wrapper} "$@"\n'


class SupervisorUnreachable(RoheError):
    """The supervisor does not start or does not answer."""

    exit_code = ExitCode.UNREACHABLE


@dataclass(frozen=True, slots=True)
class Supervised:
    """What the supervisor says of one program: its state in the supervisor's words and its process id, or 0."""

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
    """The supervisor daemon of one stack. Each call opens a connection of its own, so threads may share it."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    @contextlib.contextmanager
    def calls(self, timeout: float = 30.0) -> Iterator[Any]:
        """The daemon's XML-RPC interface `supervisor`; a call waits at most `timeout` seconds.

        Errors: SupervisorUnreachable. Faults of single calls come out as xmlrpc.client.Fault.
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
        """The daemon's process id, or 0 where none answers."""
        with contextlib.suppress(SupervisorUnreachable, xmlrpc.client.Fault), self.calls(timeout=5.0) as call:
            return int(call.getPID())
        return 0

    def all(self) -> dict[str, Supervised]:
        """What the daemon says of every program, by name; empty where no daemon answers."""
        with contextlib.suppress(SupervisorUnreachable, xmlrpc.client.Fault), self.calls(timeout=5.0) as call:
            return {
                item["name"]: Supervised(item["name"], item["statename"], item["pid"])
                for item in call.getAllProcessInfo()
            }
        return {}

    def ensure(self) -> bool:
        """Starts the daemon where none answers, after ending all that a dead one left; whether it had to.

        Errors: SupervisorUnreachable where it does not come up within 15 s; its log is in the detail.
        """
        if self.pid():
            return False
        self._end_daemon([signal.SIGTERM, signal.SIGKILL])
        kill_marked(self._layout.programs)
        self._write_settings()
        self._start()
        deadline = time.monotonic() + 15.0
        while not self.pid():
            if time.monotonic() > deadline:
                raise SupervisorUnreachable(
                    "the stack's supervisor does not start",
                    detail=_tail(self._layout.log("supervisor")),
                    hint=f"read {self._layout.log('supervisor')}",
                )
            time.sleep(0.02)
        return True

    def end(self) -> None:
        """Stops every program at once, then the daemon, then whatever is left of them; nothing to end is no error."""
        numbers = [signal.SIGTERM, signal.SIGKILL]
        with contextlib.suppress(SupervisorUnreachable, xmlrpc.client.Fault), self.calls() as call:
            self._stop_all(call)
            # Nothing is left that it could stop, and asked politely it would sleep for a second before it goes.
            numbers = [signal.SIGKILL]
        self._end_daemon(numbers)
        kill_marked(self._layout.programs)

    def _stop_all(self, call: Any) -> None:
        # The daemon's own stopAllProcesses answers a second late; it kills by itself what does not go in time.
        names = [item["name"] for item in call.getAllProcessInfo()]
        for name in names:
            with contextlib.suppress(xmlrpc.client.Fault):
                call.stopProcess(name, False)
        deadline = time.monotonic() + 15.0
        while any(item["pid"] for item in call.getAllProcessInfo()) and time.monotonic() < deadline:
            time.sleep(0.02)

    def _write_settings(self) -> None:
        run = self._layout.run
        # Said to be root, the daemon does not warn that it is.
        user = "user=root\n" if os.geteuid() == 0 else ""
        write_private(run / "supervisord.conf", SETTINGS.format(user=user).encode())
        starter = STARTER.format(python=shlex.quote(sys.executable), wrapper=shlex.quote(str(wrapper.__file__)))
        write_private(run / "start", starter.encode())
        (run / "start").chmod(0o700)
        (run / SOCKET).unlink(missing_ok=True)

    def _start(self) -> None:
        command = [sys.executable, "-P", "-m", "supervisor.supervisord", "-c", "/proc/self/cwd/supervisord.conf"]
        log = self._layout.log("supervisor")
        subprocess.run(
            [sys.executable, "-I", "-S", str(detach.__file__), str(self._layout.run), str(log), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # The daemon outlives this run: nothing of the engine's or the user's environment stays with it.
            env={name: os.environ[name] for name in ("HOME", "LANG", "PATH", "TMPDIR") if name in os.environ},
            check=True,
            timeout=15,
        )

    def _end_daemon(self, numbers: Sequence[signal.Signals]) -> None:
        for pid in _daemons(self._layout.run):
            _end_process(pid, numbers)


def _daemons(run: Path) -> list[int]:
    # By its command line and working directory: this finds a daemon that no longer answers, and never a stranger.
    found = []
    for entry in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            supervisor = b"supervisor.supervisord" in Path("/proc", entry, "cmdline").read_bytes()
            if supervisor and os.path.samefile(f"/proc/{entry}/cwd", run):
                found.append(int(entry))
    return found


def _end_process(pid: int, numbers: Sequence[signal.Signals]) -> None:
    ticks = wrapper.start_ticks(pid)
    for number in numbers:
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


def _tail(path: Path, lines: int = 10) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
