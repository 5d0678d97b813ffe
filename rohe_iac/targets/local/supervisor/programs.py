"""Programs: adds, replaces and removes what the stack's supervisor runs, and tells how each one does."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
import xmlrpc.client
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.folders import write_private
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor import cgroups, wrapper
from rohe_iac.targets.local.supervisor.program import Program, read_cgroups, read_program
from rohe_iac.targets.local.supervisor.readiness import answers
from rohe_iac.targets.local.supervisor.supervision import Supervised, Supervision, SupervisorUnreachable

SECTION = """\
[program:{name}]
command=./start programs/{name}
autostart=true
autorestart=true
startsecs=0
stopsignal=TERM
stopwaitsecs={patience}
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile=../logs/{name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""


PATIENCE = 10
"""Seconds between SIGTERM and SIGKILL when a program is stopped."""


SETTLED = 1.5
"""Seconds that a program without a probe must have lived to count as ready."""


GONE = ("NOT_RUNNING", "BAD_NAME")


class NotReady(RoheError):
    """A program cannot be started, or did not get ready in the time it has."""

    exit_code = ExitCode.PARTIAL


@dataclass(frozen=True, slots=True)
class Running:
    """How one program does.

    state: running, starting, failing (it keeps ending and is restarted ever more slowly), stopped or lost (no
    supervisor). pid: 0 where no process is. restarts: since its settings changed last. began: seconds since the epoch.
    """

    program: Program
    state: str
    pid: int
    restarts: int
    began: float


class Programs:
    """What one stack runs on this machine. Threads may share it."""

    def __init__(self, layout: Layout, supervision: Supervision) -> None:
        self._layout = layout
        self._supervision = supervision
        # Adding reads all settings files at once, so that one thread must not see another's half-made one.
        self._settings = threading.Lock()
        self._turns: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)

    def all(self) -> tuple[Running, ...]:
        """Every program that has settings, sorted by name."""
        known = self._supervision.all()
        found = [(folder, read_program(folder)) for folder in self._folders()]
        return tuple(_running(folder, program, known.get(program.name)) for folder, program in found if program)

    def get(self, name: str) -> Running | None:
        """One program, or None where it has no settings."""
        program = read_program(self._layout.program(name))
        if program is None:
            return None
        return _running(self._layout.program(name), program, self._supervision.all().get(name))

    def put(self, program: Program, cancelled: threading.Event) -> None:
        """Makes the program run as described and waits until it is ready; one that runs so already is left alone.

        A program that does not get ready is removed again, or the one it replaced put back.
        Errors: NotReady with the reason and the end of its log; SupervisorUnreachable.
        """
        before = self.get(program.name)
        same = before is not None and before.program.digest == program.digest
        if before is not None and same and before.state == "running":
            return
        if before is None or not same or before.state != "starting":
            self._yield_ports(program)
            self._place(program)
        try:
            self._wait(program, cancelled)
        except NotReady:
            if before is None or same:
                self.remove(program.name)
            else:
                self._place(before.program)
            raise

    def remove(self, name: str) -> None:
        """Stops the program and forgets its settings; one that is not there is no error. Its log stays."""
        # Where no supervisor answers it has taken its programs along.
        with contextlib.suppress(SupervisorUnreachable), self._supervision.calls(timeout=PATIENCE + 20.0) as call:
            self._stop(call, name)
            with _unless_gone():
                call.removeProcessGroup(name)
        folder = self._layout.program(name)
        wrapper.end_leftovers(wrapper.read_json(str(folder / "run.json")))
        cgroups.remove(read_cgroups(folder))
        shutil.rmtree(folder, ignore_errors=True)

    def sweep(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Removes every program whose name is not wanted, such as one that a killed apply made; their names."""
        kept = set(wanted)
        known = {*self._supervision.all(), *(folder.name for folder in self._folders())}
        strays = tuple(sorted(known - kept))
        for name in strays:
            self.remove(name)
        return strays

    def _folders(self) -> list[Path]:
        try:
            return sorted(path for path in self._layout.programs.iterdir() if path.is_dir())
        except FileNotFoundError:
            return []

    def _place(self, program: Program) -> None:
        name, folder = program.name, self._layout.program(program.name)
        with self._turns[name], self._supervision.calls(timeout=PATIENCE + 20.0) as call:
            self._stop(call, name)
            wrapper.end_leftovers(wrapper.read_json(str(folder / "run.json")))
            program.write(folder, cgroups.make(folder, program.cpu, program.memory))
            (folder / "run.json").unlink(missing_ok=True)
            with self._settings:
                section = SECTION.format(name=name, patience=PATIENCE).encode()
                write_private(folder / "program.conf", section)
                call.reloadConfig()
                try:
                    call.addProcessGroup(name)
                    return
                except xmlrpc.client.Fault as fault:
                    if "ALREADY_ADDED" not in fault.faultString:
                        raise
            call.startProcess(name)

    def _stop(self, call: Any, name: str) -> None:
        with _unless_gone():
            call.stopProcess(name)

    def _yield_ports(self, program: Program) -> None:
        # A replica that moves may take over the port of one that apply has yet to change or delete. Two that swap
        # theirs do this to each other at the same time: each looks at the other only while it is not being placed.
        taken = set(program.ports.values())
        for other in self._folders():
            if other.name == program.name:
                continue
            with self._turns[other.name]:
                found = read_program(other)
                if found is not None and taken & set(found.ports.values()):
                    self.remove(found.name)

    def _wait(self, program: Program, cancelled: threading.Event) -> None:
        deadline = time.monotonic() + program.startup
        while True:
            now = self.get(program.name)
            if now is not None and now.state == "running":
                # With no probe, to have lived for a while has to do.
                if program.probe is None and time.time() - now.began > min(SETTLED, program.startup):
                    return
                if program.probe is not None and answers(program.probe):
                    return
            if cancelled.is_set():
                raise NotReady(f"{program.address} was not awaited: interrupted")
            if now is None or now.state == "failing":
                raise NotReady(f"{program.address} ends as soon as it is started", detail=self.last_words(program.name))
            if time.monotonic() > deadline:
                brief = f"{program.address} was not ready within {program.startup:g} s"
                raise NotReady(brief, detail=self.last_words(program.name))
            time.sleep(0.05)

    def last_words(self, name: str, lines: int = 5) -> str:
        """The last lines that the program wrote."""
        try:
            text = self._layout.log(name).read_bytes()[-4096:].decode(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


@contextlib.contextmanager
def _unless_gone() -> Iterator[None]:
    try:
        yield
    except xmlrpc.client.Fault as fault:
        if not any(word in fault.faultString for word in GONE):
            raise


def _running(folder: Path, program: Program, known: Supervised | None) -> Running:
    run = wrapper.read_json(str(folder / "run.json"))
    current = run.get("digest") == program.digest
    if known is None:
        state = "lost"
    elif known.state in ("RUNNING", "STARTING", "BACKOFF", "EXITED"):
        lately = run.get("state") == "waiting" or time.time() - float(run.get("began", 0.0)) < wrapper.QUICK
        if lately and int(run.get("quick", 0)) >= wrapper.FREE_RESTARTS:
            state = "failing"
        else:
            started = current and run.get("state") == "started" and known.pid == run.get("pid")
            state = "running" if started else "starting"
    else:
        state = "stopped"
    restarts = max(0, int(run.get("starts", 1)) - 1) if current else 0
    return Running(program, state, known.pid if known else 0, restarts, float(run.get("began", 0.0)))
