"""Running: the state of one program, from what the supervisor, the wrapper, the watchdog and the kernel say of it."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rohe_iac.foundation.peers import listeners
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor import logs, processes, wrapper
from rohe_iac.targets.local.supervisor.program import Program, read_unlimited
from rohe_iac.targets.local.supervisor.supervision import Supervised

PACKAGES = {"cv2": "opencv-python-headless", "PIL": "pillow", "sklearn": "scikit-learn", "yaml": "pyyaml"}
"""Packages of Python modules whose names differ from those of their packages."""

NO_MODULE = "ModuleNotFoundError: No module named "
"""How Python reports a missing module."""

MAX_AGE_OF_PORTS = 0.1
"""Seconds for which one listing of open ports serves all programs that are looked at."""


@dataclass(frozen=True, slots=True)
class Running:
    """One program and its state.

    Attributes:
        program: The program.
        state: running, starting, failing (ends quickly again and again), suspended (by SIGSTOP), `not listening` (on
            its own port), stopped or lost (no supervisor answers); of a program that runs once also done (it ended
            with exit code 0) or failed.
        pid: Process id, 0 for none.
        restarts: Number of restarts since the program was last changed.
        began: Start of the present run in seconds since the epoch, 0 where unknown.
        since: The same in seconds of the monotonic clock, minus infinity where unknown.
        detail: Why the program is in this state, "" where the state says it all.
        last_end: How the last run ended, such as `was killed for memory: 128Mi`, "" where none has ended.
        ended: When the last run ended in seconds since the epoch, 0 where none has ended.
        unlimited: A sentence for each limit that is not in force.
    """

    program: Program
    state: str
    pid: int
    restarts: int
    began: float
    since: float
    detail: str = ""
    last_end: str = ""
    ended: float = 0.0
    unlimited: tuple[str, ...] = ()


def running_of(folder: Path, program: Program, supervised: Supervised | None) -> Running:
    """Returns a program with its state.

    Args:
        folder: The program's folder.
        program: The program.
        supervised: What the supervisor reports of it, None where none answers.
    """
    run = wrapper.read_json(str(folder / "run.json"))
    end = wrapper.read_json(str(folder / "end.json"))
    current = run.get("digest") == program.digest
    pid = supervised.pid if supervised else 0
    state, detail = _state_once(folder, program, run, end) or _state(program, run, supervised)
    if state == "running":
        state, detail = _state_of_process(program, pid, wrapper.since(run))
    # An end that the supervisor did not live to record is that of the supervisor.
    recorded = run.get("last") in (None, end.get("pid")) or pid != run.get("pid")
    last_end = str(end.get("words", "")) if recorded else "was ended with the supervisor"
    restarts = max(0, int(run.get("starts", 1)) - 1) if current else 0
    return Running(
        program=program,
        state=state,
        pid=pid,
        restarts=restarts,
        began=float(run.get("began", 0.0)),
        since=wrapper.since(run),
        detail=detail or (last_end if state == "failing" else ""),
        last_end=last_end,
        ended=float(end.get("at", 0.0)) if recorded else 0.0,
        unlimited=read_unlimited(folder) + tuple(run.get("unlimited", ())),
    )


def last_output(layout: Layout, program: Program, lines: int) -> str:
    """Returns the last lines that a program wrote in its present start, or else in the start before.

    A program that ends at once can start several times while its log is read, so the lines of one start end where the
    next one announces itself.
    """
    run = wrapper.read_json(str(layout.program(program.name) / "run.json"))
    for position in (run.get("log"), run.get("last_log")):
        announcements = wrapper.FREE_RESTARTS + 1
        text = logs.last_lines(layout.log(program.name), lines + announcements, since=int(position or 0))
        starts: list[list[str]] = [[]]
        for line in text.splitlines():
            if line.startswith(wrapper.ANNOUNCEMENT):
                starts.append([])
            else:
                starts[-1].append(line)
        output = next((start for start in reversed(starts) if start), None)
        if output is not None:
            return "\n".join(output[-lines:])
    return ""


def remedy_of(program: Program, output: str) -> str:
    """Returns the command that installs the Python module that a program's output says is missing, or ""."""
    missing = [line for line in output.splitlines() if line.startswith(NO_MODULE)]
    if not missing:
        return ""
    module = missing[-1].removeprefix(NO_MODULE).strip("'\"").split(".")[0]
    import shutil

    search = program.environment.get("PATH", program.inherited.get("PATH"))
    word = program.argv[0]
    python = shutil.which(word, path=search) if Path(word).name.startswith("python") else None
    return f"{python or sys.executable} -m pip install {PACKAGES.get(module, module)}"


def port_fault(program: Program, pid: int) -> str:
    """Returns on which port a program does not listen and on which it does instead, "" where all is as declared."""
    expected = program.expected_ports
    if not expected:
        return ""
    by_socket = listeners(MAX_AGE_OF_PORTS)
    open_ports = set(by_socket.values())
    closed = [f"{port} ({name})" for name, port in sorted(expected.items()) if port not in open_ports]
    if not closed:
        return ""
    others = sorted(processes.ports_of_group(pid, by_socket) - set(program.ports.values())) if pid else []
    instead = f"listens on {', '.join(map(str, others))}, not" if others else "does not listen"
    return f"{instead} on its port {', '.join(closed)}"


def _state_once(folder: Path, program: Program, run: dict[str, Any], end: dict[str, Any]) -> tuple[str, str] | None:
    """Returns the state of a program that runs once and has ended; None for all others."""
    if not program.once:
        return None
    if wrapper.is_done(str(folder), program.digest):
        return "done", ""
    ended = run.get("digest") == program.digest and run.get("pid") is not None and run.get("pid") == end.get("pid")
    return ("failed", str(end.get("words", ""))) if ended and end.get("code") != 0 else None


def _state(program: Program, run: dict[str, Any], supervised: Supervised | None) -> tuple[str, str]:
    """Returns the state by the supervisor's and the wrapper's account."""
    if supervised is None:
        return "lost", "the supervisor does not answer"
    if supervised.state not in ("RUNNING", "STARTING", "BACKOFF", "EXITED"):
        return "stopped", ""
    young = run.get("state") == "waiting" or time.monotonic() - wrapper.since(run) < wrapper.QUICK
    if young and int(run.get("quick", 0)) >= wrapper.FREE_RESTARTS:
        return "failing", ""
    started = run.get("digest") == program.digest and run.get("state") == "started" and supervised.pid == run.get("pid")
    if started:
        return "running", ""
    return "starting", "still runs its init steps" if run.get("state") == "preparing" else ""


def _state_of_process(program: Program, pid: int, since: float) -> tuple[str, str]:
    """Returns the state by the kernel's account of a process that was started."""
    if processes.is_suspended(pid):
        return "suspended", f"by SIGSTOP; `kill -CONT {pid}` continues it"
    fault = port_fault(program, pid)
    if not fault:
        return "running", ""
    return ("starting" if time.monotonic() - since < program.startup else "not listening"), fault
