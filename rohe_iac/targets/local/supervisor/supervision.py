"""Supervision: starts the stack's supervisor daemon (supervisor 4.3), queries it over its socket, and ends it.

The daemon works in the stack's folder `run` and has every path relative to that folder. A stack may therefore be in any
folder: neither the quoting of the daemon's settings nor the 107 bytes of a unix socket's path limit its path.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor import detach, logs
from rohe_iac.targets.local.supervisor.processes import end_process, is_suspended, kill_marked, processes_in
from rohe_iac.targets.local.supervisor.rpc import SOCKET, UnixTransport
from rohe_iac.targets.local.supervisor.settings import (
    DAEMONS,
    MODULE,
    PACKAGE,
    WATCHDOG,
    WATCHDOGS,
    check_descriptors,
    write_settings,
)

STARTUP = 15.0
"""Seconds that the daemon has to start, and that programs have to end."""

ABSENCES = 20
"""Looks in a row at which a starting daemon is not there, after which it has ended."""


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
        proxy = xmlrpc.client.ServerProxy("http://localhost", transport=UnixTransport(self._layout.run, timeout))
        try:
            yield proxy.supervisor
        except (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError) as error:
            raise SupervisorUnreachable(
                "the stack's supervisor does not answer", detail=str(error), hint="run `rohe apply` again"
            ) from error
        finally:
            proxy("close")()

    def pid(self, timeout: float = 5.0) -> int:
        """Returns the daemon's process id, or 0 where no daemon answers within `timeout` seconds."""
        with contextlib.suppress(SupervisorUnreachable, xmlrpc.client.Fault), self.calls(timeout=timeout) as call:
            return int(call.getPID())
        return 0

    def all(self) -> dict[str, Supervised]:
        """Returns every program that the daemon has, by name; no program where no daemon answers."""
        found = self._processes()
        found.pop(WATCHDOG, None)
        return found

    def fault(self) -> str:
        """Returns what is wrong with the daemon or its watchdog, "" where both are well."""
        found = self._processes()
        if not found:
            return "the supervisor does not answer"
        watchdog = found.get(WATCHDOG)
        if watchdog is None or not watchdog.pid:
            return "the watchdog of the supervisor does not run"
        return "the watchdog of the supervisor is suspended" if is_suspended(watchdog.pid) else ""

    def _processes(self) -> dict[str, Supervised]:
        with contextlib.suppress(SupervisorUnreachable, xmlrpc.client.Fault), self.calls(timeout=5.0) as call:
            return {
                info["name"]: Supervised(info["name"], info["statename"], info["pid"])
                for info in call.getAllProcessInfo()
            }
        return {}

    def ensure(self) -> bool:
        """Starts the daemon where no daemon answers, after ending every process that a dead daemon left.

        A daemon without a running watchdog gets one.

        Returns:
            Whether the daemon was started.

        Raises:
            SupervisorUnreachable: The daemon does not answer within 15 s; the detail has the end of its log.
            TooFewDescriptors: The daemon may not open enough files.
        """
        check_descriptors(len(self._layout.program_folders()))
        with self._starting():
            if self.pid():
                self._mend_watchdog()
                return False
            write_settings(self._layout)
            self._start_anew()
        return True

    def revive(self) -> None:
        """Starts the daemon of a stack again after its death, without writing any file: the disk may be full.

        Raises:
            SupervisorUnreachable: The daemon does not answer within 15 s.
        """
        with self._starting():
            if self._layout.is_kept_up and not self.pid():
                self._start_anew()

    def end(self) -> None:
        """Stops all programs at the same time, then the daemon, then all processes left; no daemon is no error."""
        # Without its settings the daemon is not kept up any more.
        self._layout.supervisor_settings.unlink(missing_ok=True)
        signals = [signal.SIGTERM, signal.SIGKILL]
        with contextlib.suppress(SupervisorUnreachable, xmlrpc.client.Fault), self.calls() as call:
            self._stop_all(call)
            # The daemon has nothing left to stop, and on SIGTERM it would sleep for a second before it ends.
            signals = [signal.SIGKILL]
        self._end_daemon(signals)
        kill_marked(self._layout.programs)

    @contextlib.contextmanager
    def _starting(self) -> Iterator[None]:
        """Holds the lock of starting the daemon, so that apply and the watchdog never start one each."""
        descriptor = os.open(self._layout.run / "start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + 2 * STARTUP
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise SupervisorUnreachable(
                            "another process has been starting the stack's supervisor for too long",
                            hint="run `rohe apply` again",
                        ) from None
                    time.sleep(0.02)
            yield
        finally:
            os.close(descriptor)

    def _start_anew(self) -> None:
        self._end_daemon([signal.SIGTERM, signal.SIGKILL])
        kill_marked(self._layout.programs)
        (self._layout.run / SOCKET).unlink(missing_ok=True)
        log = self._layout.log("supervisor")
        position = logs.end_of(log)
        self._start()
        deadline = time.monotonic() + STARTUP
        absent = 0
        while not self.pid():
            # A process that is being replaced by its program has no command line for a moment.
            absent = 0 if processes_in(self._layout.run, DAEMONS) else absent + 1
            if time.monotonic() > deadline or absent > ABSENCES:
                raise SupervisorUnreachable(
                    "the stack's supervisor does not start",
                    detail=logs.last_lines(log, 10, since=position),
                    hint=f"read {log}",
                )
            time.sleep(0.02)

    def _mend_watchdog(self) -> None:
        if not self.fault():
            return
        write_settings(self._layout)
        self._end_watchdogs()
        with contextlib.suppress(xmlrpc.client.Fault), self.calls() as call:
            call.reloadConfig()
            call.addProcessGroup(WATCHDOG)
        with contextlib.suppress(xmlrpc.client.Fault), self.calls() as call:
            call.startProcess(WATCHDOG)

    def _stop_all(self, call: Any) -> None:
        # The daemon's own stopAllProcesses answers a second late. The daemon kills programs that ignore SIGTERM.
        names = [info["name"] for info in call.getAllProcessInfo()]
        for name in names:
            with contextlib.suppress(xmlrpc.client.Fault):
                call.stopProcess(name, False)
        deadline = time.monotonic() + STARTUP
        while any(info["pid"] for info in call.getAllProcessInfo()) and time.monotonic() < deadline:
            time.sleep(0.02)

    def _start(self) -> None:
        command = [sys.executable, *MODULE, f"{PACKAGE}.daemon", "-c", "/proc/self/cwd/supervisord.conf"]
        log = self._layout.log("supervisor")
        # The daemon outlives this run, so it gets neither the engine's nor the user's other variables.
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "PATH", "TMPDIR") if name in os.environ}
        subprocess.run(
            [sys.executable, "-I", "-S", str(detach.__file__), str(self._layout.run), str(log), *command],
            cwd=self._layout.run,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # The daemon and the watchdog run the very package that starts them.
            env={**kept, "PYTHONPATH": str(Path(__file__).parents[4])},
            check=True,
            timeout=15,
        )

    def _end_daemon(self, signals: Sequence[signal.Signals]) -> None:
        """Ends the daemon and everything that may be about to start one, except this process."""
        # The watchdogs end first. A process may start another one while it is being ended, so this looks again.
        self._end_watchdogs()
        while pids := processes_in(self._layout.run, DAEMONS):
            for pid in pids:
                end_process(pid, signals)
            self._end_watchdogs()

    def _end_watchdogs(self) -> None:
        while pids := processes_in(self._layout.run, WATCHDOGS):
            for pid in pids:
                end_process(pid, [signal.SIGKILL])
