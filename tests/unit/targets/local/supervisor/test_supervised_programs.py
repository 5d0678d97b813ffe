"""Claims about the supervisor daemon of a stack and the programs that it runs; the daemon is a real one."""

from __future__ import annotations

import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor import cgroups, detach
from rohe_iac.targets.local.supervisor.probes import answers
from rohe_iac.targets.local.supervisor.processes import marked_processes
from rohe_iac.targets.local.supervisor.program import Program, ReadinessProbe
from rohe_iac.targets.local.supervisor.programs import NotReady, Programs
from rohe_iac.targets.local.supervisor.supervision import Supervision, SupervisorUnreachable

NEVER = threading.Event()


def _program(layout: Layout, name: str, script: str, **fields: object) -> Program:
    environment = {"PATH": os.defpath, "ROHE_PROGRAM": str(layout.program(name))}
    return Program(name, f"replica/desk:{name}/0", ("/bin/sh", "-c", script), "/", environment, **fields)  # type: ignore[arg-type]


def test_a_program_is_run_left_alone_changed_and_removed(layout: Layout, supervision: Supervision) -> None:
    programs = Programs(layout, supervision)
    sleeper = _program(layout, "web", "echo up; exec sleep 600", startup=10.0)
    programs.put(sleeper, NEVER)
    first = programs.get("web")
    assert first is not None
    assert (first.program, first.state, first.restarts) == (sleeper, "running", 0)
    assert programs.all() == (first,)

    programs.put(sleeper, NEVER)
    assert programs.get("web") == first
    programs.put(_program(layout, "web", "exec sleep 601", startup=10.0), NEVER)
    second = programs.get("web")
    assert second is not None
    assert second.pid != first.pid

    assert programs.sweep(["another"]) == ("web",)
    assert (programs.get("web"), marked_processes(layout.programs)) == (None, {})
    programs.remove("web")
    assert "up" in layout.log("web").read_text()


def test_a_program_that_runs_once_is_awaited_and_runs_again_only_when_it_is_changed(
    layout: Layout, supervision: Supervision, tmp_path: Path
) -> None:
    programs, runs = Programs(layout, supervision), tmp_path / "runs"
    job = _program(layout, "migrate", f"sleep 0.3; echo x >> {runs}", startup=20.0, once=True)
    programs.put(job, NEVER)
    assert runs.read_text() == "x\n", "what comes after it starts when it has ended"
    done = programs.get("migrate")
    assert done is not None
    assert (done.state, done.pid) == ("done", 0)
    programs.put(job, NEVER)
    # A supervisor that is started again, as after a reboot, does not run it again either.
    os.kill(supervision.pid(), signal.SIGKILL)
    supervision.revive()
    programs.put(_program(layout, "web", "exec sleep 600", startup=10.0), NEVER)
    found = programs.get("migrate")
    assert found is not None
    assert (found.state, runs.read_text()) == ("done", "x\n")
    programs.put(_program(layout, "migrate", f"echo y >> {runs}", startup=20.0, once=True), NEVER)
    assert runs.read_text() == "x\ny\n"


def test_a_program_that_runs_once_and_fails_is_told_and_not_started_again(
    layout: Layout, supervision: Supervision, tmp_path: Path
) -> None:
    programs, runs = Programs(layout, supervision), tmp_path / "runs"
    before = _program(layout, "migrate", f"echo x >> {runs}", startup=20.0, once=True)
    programs.put(before, NEVER)
    failing = _program(layout, "migrate", f"echo no table; echo y >> {runs}; exit 3", startup=20.0, once=True)
    with pytest.raises(NotReady, match="it runs once, and it ended with exit code 3") as refused:
        programs.put(failing, NEVER)
    assert "no table" in refused.value.detail
    assert (runs.read_text(), programs.get("migrate")) == ("x\ny\n", None), "neither runs again"
    slow = _program(layout, "migrate", "exec sleep 600", startup=0.5, once=True)
    with pytest.raises(NotReady, match="it has not ended within"):
        programs.put(slow, NEVER)
    assert programs.get("migrate") is None


def test_what_is_planned_and_not_limited_is_said_of_the_running_program(
    layout: Layout, supervision: Supervision
) -> None:
    programs = Programs(layout, supervision)
    programs.put(_program(layout, "web", "exec sleep 600", startup=10.0, unenforced=("gpu memory",)), NEVER)
    running = programs.get("web")
    assert running is not None
    assert running.unlimited == (
        "limit of gpu memory is not in force: gpu memory is planned, and not limited on this machine",
    )
    programs.remove("web")


def test_a_program_that_exits_is_reported_with_its_last_output_and_removed(
    layout: Layout, supervision: Supervision
) -> None:
    programs = Programs(layout, supervision)
    with pytest.raises(NotReady, match="exits right after its start") as raised:
        programs.put(_program(layout, "web", "echo the model is missing; exit 1", startup=20.0), NEVER)
    assert raised.value.detail.splitlines()[-1] == "the model is missing"
    assert programs.get("web") is None


def test_a_program_that_does_not_get_ready_gives_way_to_the_one_before_it(
    layout: Layout, supervision: Supervision
) -> None:
    programs = Programs(layout, supervision)
    before = _program(layout, "web", "exec sleep 600", startup=10.0)
    programs.put(before, NEVER)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        probe = ReadinessProbe(silent.getsockname()[1])
        with pytest.raises(NotReady, match=r"not ready within 0\.5 s"):
            programs.put(_program(layout, "web", "exec sleep 601", startup=0.5, probe=probe), NEVER)
    running = programs.get("web")
    assert running is not None
    assert running.program == before


def test_a_wait_ends_when_apply_is_cancelled(layout: Layout, supervision: Supervision) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(NotReady, match="interrupted"):
        Programs(layout, supervision).put(_program(layout, "web", "exec sleep 600"), cancelled)


def test_a_daemon_is_started_once_and_takes_its_programs_along(layout: Layout, supervision: Supervision) -> None:
    programs = Programs(layout, supervision)
    programs.put(_program(layout, "web", "exec sleep 600", startup=10.0), NEVER)
    assert not supervision.ensure()
    supervision.end()
    assert (supervision.pid(), supervision.all(), marked_processes(layout.programs)) == (0, {}, {})
    assert [running.state for running in programs.all()] == ["lost"]
    with pytest.raises(SupervisorUnreachable), supervision.calls() as call:
        call.getPID()


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/ok" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def test_a_probe_succeeds_by_a_connection_or_by_a_status(layout: Layout) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    assert answers(ReadinessProbe(port))
    assert answers(ReadinessProbe(port, "/ok"))
    assert not answers(ReadinessProbe(port, "/busy"))
    server.shutdown()
    server.server_close()
    assert not answers(ReadinessProbe(port))


def test_a_program_without_limits_has_no_control_group_and_absent_groups_are_removed(tmp_path: Path) -> None:
    assert cgroups.make(tmp_path, 0, 0) == cgroups.ControlGroups()
    cgroups.remove([str(tmp_path / "gone")])


def test_a_detached_command_has_a_session_of_its_own_and_writes_to_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = "pwd; cut -d' ' -f6 /proc/self/stat; echo $$"
    subprocess.run(
        [sys.executable, "-I", "-S", str(detach.__file__), str(tmp_path), str(log), "/bin/sh", "-c", script],
        check=True,
        timeout=20,
    )
    deadline = time.monotonic() + 20
    while (not log.exists() or log.read_text().count("\n") < 3) and time.monotonic() < deadline:
        time.sleep(0.01)
    folder, session, pid = log.read_text().splitlines()
    assert (folder, session) == (str(tmp_path), pid)
