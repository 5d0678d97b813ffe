"""Programs: adds, replaces and removes what the stack's supervisor runs, and returns the state of each program."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
import xmlrpc.client
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from rohe_iac.deployment.ports import ONLY_PLANNED
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.folders import write_private
from rohe_iac.manifests.local import GRACE
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor import cgroups, wrapper
from rohe_iac.targets.local.supervisor.probes import answers
from rohe_iac.targets.local.supervisor.program import Program, read_cgroups, read_program
from rohe_iac.targets.local.supervisor.running import Running, last_output, remedy_of, running_of
from rohe_iac.targets.local.supervisor.supervision import Supervision, SupervisorUnreachable

SECTION = """\
[program:{name}]
command=./start programs/{name}
autostart=true
autorestart={again}
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
"""The supervisor's settings of one program."""

SETTLED = 1.5
"""Seconds that a program without a probe must have run to count as ready."""

MIN_POLL, MAX_POLL = 0.05, 0.25
"""Seconds between looks at a program that is not ready yet: the pause grows from the first to the second."""

ALREADY_ADDED = 90
"""The supervisor's fault code for a program that it runs already (supervisor.xmlrpc.Faults)."""

STILL_RUNNING = 91
"""The supervisor's fault code for a program that cannot be removed because it runs."""

REMOVALS = 20
"""How often the removal of a program is tried."""

GONE = (10, 70)
"""The supervisor's fault codes for unknown programs (BAD_NAME) and for stopped ones (NOT_RUNNING)."""


class NotReady(RoheError):
    """A program cannot be started, or did not get ready within its startup time."""

    exit_code = ExitCode.PARTIAL


class Programs:
    """The programs of one stack on this machine. Threads may share an instance."""

    def __init__(self, layout: Layout, supervision: Supervision) -> None:
        self._layout = layout
        self._supervision = supervision
        # The supervisor reads all settings files when a program is added, so none of them may be half-written then.
        self._settings = threading.Lock()
        self._turns: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)

    def all(self) -> tuple[Running, ...]:
        """Returns every program that has settings, sorted by name."""
        supervised = self._supervision.all()
        programs = [(folder, read_program(folder)) for folder in self._layout.program_folders()]
        return tuple(
            running_of(folder, program, supervised.get(program.name)) for folder, program in programs if program
        )

    def get(self, name: str) -> Running | None:
        """Returns the program `name`, or None where there are no settings of it."""
        program = read_program(self._layout.program(name))
        if program is None:
            return None
        return running_of(self._layout.program(name), program, self._supervision.all().get(name))

    def put(self, program: Program, cancelled: threading.Event) -> None:
        """Makes a program run and waits until it is ready; a program that runs as described already is left alone.

        A program that does not get ready is removed again, and the program that it replaced is put back. One that runs
        once is awaited until it has ended with exit code 0; what it replaced is not run again.

        Args:
            program: The program.
            cancelled: Ends the wait once it is set.

        Raises:
            NotReady: The program did not get ready; the detail has the end of its log.
            SupervisorUnreachable: The supervisor does not answer.
        """
        before = self.get(program.name)
        same = before is not None and before.program.digest == program.digest
        if before is not None and same and before.state == _ready_state(program):
            return
        under_way = ("starting", "running") if program.once else ("starting",)
        if before is None or not same or before.state not in under_way:
            self._yield_ports(program)
            self._place(program)
        try:
            self._wait(program, cancelled)
        except NotReady:
            if before is None or same or program.once:
                self.remove(program.name)
            else:
                self._place(before.program)
            raise

    def remove(self, name: str) -> None:
        """Stops a program and removes its settings, but not its log; an absent program is no error."""
        # Where no supervisor answers, its programs have died with it.
        with contextlib.suppress(SupervisorUnreachable), self._supervision.calls(timeout=GRACE + 20.0) as call:
            # A program that ends again and again can be started once more between the two calls.
            for tries_left in reversed(range(REMOVALS)):
                self._stop(call, name)
                try:
                    with _unless_gone():
                        call.removeProcessGroup(name)
                    break
                except xmlrpc.client.Fault as fault:
                    if fault.faultCode != STILL_RUNNING or not tries_left:
                        raise
        folder = self._layout.program(name)
        wrapper.end_leftovers(wrapper.read_json(str(folder / "run.json")))
        cgroups.remove(read_cgroups(folder))
        shutil.rmtree(folder, ignore_errors=True)

    def sweep(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Removes every program that is not wanted, such as one that a killed apply made, and returns their names."""
        present = {*self._supervision.all(), *(folder.name for folder in self._layout.program_folders())}
        strays = tuple(sorted(present - set(wanted)))
        for name in strays:
            self.remove(name)
        return strays

    def _place(self, program: Program) -> None:
        name, folder = program.name, self._layout.program(program.name)
        with self._turns[name], self._supervision.calls(timeout=GRACE + 20.0) as call:
            self._stop(call, name)
            wrapper.end_leftovers(wrapper.read_json(str(folder / "run.json")))
            # New groups count their killed processes anew.
            cgroups.remove(read_cgroups(folder))
            limits = cgroups.make(folder, program.cpu, program.memory)
            unlimited = tuple(f"limit of {name} is not in force: {name} {ONLY_PLANNED}" for name in program.unenforced)
            program.write(folder, limits.groups, limits.missing + unlimited)
            # Both files exist before they are needed, so that they can be written on a full disk, too.
            for name_of_record in ("run.json", "end.json"):
                wrapper.write_json(str(folder / name_of_record), {})
            (folder / "liveness.json").unlink(missing_ok=True)
            with self._settings:
                section = SECTION.format(name=name, patience=GRACE, again=str(not program.once).lower()).encode()
                write_private(folder / "program.conf", section)
                call.reloadConfig()
                try:
                    call.addProcessGroup(name)
                    return
                except xmlrpc.client.Fault as fault:
                    if fault.faultCode != ALREADY_ADDED:
                        raise
            call.startProcess(name)

    def _stop(self, call: Any, name: str) -> None:
        with _unless_gone():
            call.stopProcess(name)

    def _yield_ports(self, program: Program) -> None:
        # A replica that moves may take over the port of a replica that apply has yet to change or delete. Two replicas
        # that swap ports do this to each other at the same time, so each is read only while nobody places it.
        ports = set(program.ports.values())
        for folder in self._layout.program_folders():
            if folder.name == program.name:
                continue
            with self._turns[folder.name]:
                holder = read_program(folder)
                if holder is not None and ports & set(holder.ports.values()):
                    self.remove(holder.name)

    def _wait(self, program: Program, cancelled: threading.Event) -> None:
        deadline, pause = time.monotonic() + program.startup, MIN_POLL
        while True:
            running = self.get(program.name)
            if running is not None and running.state == _ready_state(program):
                if program.once or self._is_ready(running):
                    return
            elif running is not None and running.state == "failed":
                raise self._failure(program, f"it runs once, and it {running.detail or 'did not end well'}")
            if cancelled.is_set():
                raise NotReady("it was not awaited: apply was interrupted")
            if running is None or running.state == "failing":
                end = f": {running.last_end}" if running is not None and running.last_end else ""
                raise self._failure(program, f"it exits right after its start{end}")
            if time.monotonic() > deadline:
                why = f": it {running.detail}" if running.detail else ""
                if program.once:
                    brief = f"it runs once, and it has not ended within {program.startup:g} s (`health.startup`)"
                    raise self._failure(program, brief)
                raise self._failure(program, f"it was not ready within {program.startup:g} s{why}")
            time.sleep(pause)
            pause = min(pause * 1.5, MAX_POLL)

    def _is_ready(self, running: Running) -> bool:
        program = running.program
        if program.probe is not None:
            return answers(program.probe)
        # A program that listens on its ports is ready; one without ports is once it has run for a while.
        return bool(program.expected_ports) or time.monotonic() - running.since > min(SETTLED, program.startup)

    def _failure(self, program: Program, brief: str) -> NotReady:
        output = last_output(self._layout, program, 5)
        command = remedy_of(program, output)
        return NotReady(brief, detail=output + (f"\ninstall the module: {command}" if command else ""))


def _ready_state(program: Program) -> str:
    """Returns the state of a program that others may be started after."""
    return "done" if program.once else "running"


@contextlib.contextmanager
def _unless_gone() -> Iterator[None]:
    try:
        yield
    except xmlrpc.client.Fault as fault:
        if fault.faultCode not in GONE:
            raise
