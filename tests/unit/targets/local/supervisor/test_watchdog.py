"""Claims about the watchdog: the supervisor and the watchdog keep each other up, and nothing ever runs twice."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rohe_iac.foundation.peers import listeners
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor import watchdog as watching
from rohe_iac.targets.local.supervisor.processes import is_suspended, marked_processes, ports_of_group, processes_in
from rohe_iac.targets.local.supervisor.program import LivenessProbe, Program
from rohe_iac.targets.local.supervisor.programs import Programs
from rohe_iac.targets.local.supervisor.settings import DAEMONS, WATCHDOGS
from rohe_iac.targets.local.supervisor.supervision import Supervision

NEVER = threading.Event()
Make = Callable[..., Program]
Until = Callable[..., bool]

HANGING = """
import http.server, os, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        while os.path.exists(sys.argv[2]):
            __import__('time').sleep(0.05)
        self.send_response(200); self.end_headers()
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Page).serve_forever()
"""


@pytest.fixture
def programs(layout: Layout, supervision: Supervision) -> Programs:
    return Programs(layout, supervision)


@pytest.fixture
def web(programs: Programs, make_program: Make) -> Program:
    """Returns a program that runs."""
    program = make_program("web", "exec sleep 600", startup=20.0)
    programs.put(program, NEVER)
    return program


def watchdog(layout: Layout) -> int:
    """Returns the process id of the only watchdog, 0 where there is none or another one is starting."""
    found = processes_in(layout.run, WATCHDOGS)
    return found[0] if len(found) == 1 else 0


def is_whole(layout: Layout, supervision: Supervision, programs: Programs, name: str) -> bool:
    """Returns whether one daemon, one watchdog and one copy of the program run."""
    running = programs.get(name)
    return (
        running is not None
        and running.state == "running"
        and not supervision.fault()
        and len(processes_in(layout.run, DAEMONS)) == 1
        and len(processes_in(layout.run, WATCHDOGS)) == 1
        and set(marked_processes(layout.programs)) == {running.pid}
    )


def test_a_killed_supervisor_comes_back_with_its_programs(
    layout: Layout, supervision: Supervision, programs: Programs, web: Program, until: Until
) -> None:
    assert until(lambda: is_whole(layout, supervision, programs, web.name))
    before, pids = supervision.pid(), set(marked_processes(layout.programs))
    os.kill(before, signal.SIGKILL)
    assert until(lambda: supervision.pid() not in (0, before))
    assert until(lambda: is_whole(layout, supervision, programs, web.name))
    assert not pids & set(marked_processes(layout.programs))
    running = programs.get(web.name)
    assert running is not None
    assert running.last_end == "was ended with the supervisor"


def test_a_killed_watchdog_comes_back_and_no_program_notices(
    layout: Layout, supervision: Supervision, programs: Programs, web: Program, until: Until
) -> None:
    assert until(lambda: is_whole(layout, supervision, programs, web.name))
    supervisor, pids, before = supervision.pid(), set(marked_processes(layout.programs)), watchdog(layout)
    os.kill(before, signal.SIGKILL)
    assert until(lambda: watchdog(layout) not in (0, before) and is_whole(layout, supervision, programs, web.name))
    assert (supervision.pid(), set(marked_processes(layout.programs))) == (supervisor, pids)


def test_both_killed_at_once_leave_nothing_and_the_next_apply_starts_each_once(
    layout: Layout, supervision: Supervision, programs: Programs, web: Program, until: Until
) -> None:
    assert until(lambda: is_whole(layout, supervision, programs, web.name))
    supervisor, other = supervision.pid(), watchdog(layout)
    # Suspended first, so that neither can act between the two signals.
    for number in (signal.SIGSTOP, signal.SIGKILL):
        os.kill(supervisor, number)
        os.kill(other, number)
    assert until(lambda: not marked_processes(layout.programs))
    assert until(lambda: not processes_in(layout.run, DAEMONS) and not processes_in(layout.run, WATCHDOGS))
    assert [running.state for running in programs.all()] == ["lost"]
    assert supervision.fault() == "the supervisor does not answer"

    assert supervision.ensure()
    assert until(lambda: is_whole(layout, supervision, programs, web.name))


def test_a_stack_that_is_ended_stays_ended_and_leaves_no_process(
    layout: Layout, supervision: Supervision, programs: Programs, web: Program, until: Until
) -> None:
    assert until(lambda: is_whole(layout, supervision, programs, web.name))
    supervision.end()
    assert not processes_in(layout.run, DAEMONS)
    assert not processes_in(layout.run, WATCHDOGS)
    assert not marked_processes(layout.programs)


def test_a_suspended_supervisor_is_continued(
    layout: Layout, supervision: Supervision, programs: Programs, web: Program, until: Until
) -> None:
    assert until(lambda: is_whole(layout, supervision, programs, web.name))
    before, pids = supervision.pid(), set(marked_processes(layout.programs))
    os.kill(before, signal.SIGSTOP)
    assert until(lambda: is_whole(layout, supervision, programs, web.name))
    assert (supervision.pid(), set(marked_processes(layout.programs))) == (before, pids)


def test_a_suspended_watchdog_is_continued_and_starts_the_supervisor_again_as_ever(
    layout: Layout, supervision: Supervision, programs: Programs, web: Program, until: Until
) -> None:
    assert until(lambda: is_whole(layout, supervision, programs, web.name))
    supervisor, before = supervision.pid(), watchdog(layout)
    os.kill(before, signal.SIGSTOP)
    assert until(lambda: not is_suspended(before))
    assert until(lambda: is_whole(layout, supervision, programs, web.name))
    assert watchdog(layout) == before
    os.kill(supervisor, signal.SIGKILL)
    assert until(lambda: supervision.pid() not in (0, supervisor))
    assert until(lambda: is_whole(layout, supervision, programs, web.name))


def test_a_watchdog_that_cannot_be_continued_is_replaced(
    layout: Layout, supervision: Supervision, programs: Programs, web: Program, until: Until
) -> None:
    assert until(lambda: is_whole(layout, supervision, programs, web.name))
    supervisor, pids, before = supervision.pid(), set(marked_processes(layout.programs)), watchdog(layout)

    def suspended_until_replaced() -> bool:
        with contextlib.suppress(ProcessLookupError):
            os.kill(before, signal.SIGSTOP)
        return watchdog(layout) not in (0, before)

    assert until(suspended_until_replaced)
    assert until(lambda: is_whole(layout, supervision, programs, web.name))
    assert (supervision.pid(), set(marked_processes(layout.programs))) == (supervisor, pids)


def test_a_suspended_program_is_not_running(programs: Programs, web: Program, until: Until) -> None:
    running = programs.get(web.name)
    assert running is not None
    os.kill(running.pid, signal.SIGSTOP)
    assert until(lambda: (found := programs.get(web.name)) is not None and found.state == "suspended")
    os.kill(running.pid, signal.SIGCONT)
    assert until(lambda: (found := programs.get(web.name)) is not None and found.state == "running")


def test_a_program_that_answers_no_more_is_restarted_with_the_reason(
    layout: Layout, programs: Programs, make_program: Make, until: Until, tmp_path: Path
) -> None:
    port = _free_port()
    hangs = tmp_path / "hangs"
    script = tmp_path / "server.py"
    script.write_text(HANGING)
    liveness = LivenessProbe("http", port, "/", period=0.1, failures=2)
    command = f"exec python3 {script} {port} {hangs}"
    web = make_program("web", command, ports={"http": port}, liveness=liveness, startup=10.0)
    programs.put(web, NEVER)
    before = programs.get("web")
    assert before is not None
    assert ports_of_group(before.pid, listeners()) == {port}
    # Once the watchdog has had an answer, the time to start no longer protects the program.
    assert until(lambda: "GET" in layout.log("web").read_text())
    hangs.touch()
    assert until(lambda: (found := programs.get("web")) is not None and found.pid not in (0, before.pid))
    hangs.unlink()
    assert until(lambda: (found := programs.get("web")) is not None and found.state == "running")
    after = programs.get("web")
    assert after is not None
    assert after.last_end.startswith(f"was restarted: GET / on port {port} did not answer 2 times in a row: no answer")
    assert after.last_end in layout.log("web").read_text()


def test_a_suspended_program_with_a_liveness_probe_is_restarted(
    programs: Programs, make_program: Make, until: Until, tmp_path: Path
) -> None:
    port = _free_port()
    script = tmp_path / "server.py"
    script.write_text(HANGING)
    liveness = LivenessProbe("tcp", port, period=watching.PERIOD, failures=2)
    command = f"exec python3 {script} {port} {tmp_path / 'absent'}"
    programs.put(make_program("web", command, ports={"http": port}, liveness=liveness), NEVER)
    before = programs.get("web")
    assert before is not None
    os.kill(before.pid, signal.SIGSTOP)
    assert until(
        lambda: (
            (found := programs.get("web")) is not None and found.pid not in (0, before.pid) and found.state == "running"
        )
    )


def _free_port() -> int:
    """Returns a port that nobody listens on, below those that the system gives to outgoing connections."""
    used = set(listeners().values())
    return next(port for port in range(11000 + os.getpid() % 900, 12000) if port not in used)
