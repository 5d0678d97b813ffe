"""Claims about the engine's processes: children of installers, commands of the engine, and its session."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from pulumi.automation.errors import CommandError

from rohe_iac.deployment.engine import session
from rohe_iac.deployment.engine.command import EngineCommand
from rohe_iac.deployment.engine.find import Engine
from rohe_iac.deployment.programs.process import child
from rohe_iac.deployment.programs.search import ProgramOrigin


def _has_ended(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def _command(folder: Path, script: str) -> EngineCommand:
    """Returns the command of an engine that is a shell script."""
    path = folder / "pulumi"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return EngineCommand(Engine(path, "3.260.0", ProgramOrigin.PATH))


def test_the_children_of_a_child_end_with_its_block(tmp_path: Path) -> None:
    with child(["/bin/sh", "-c", "sleep 600 & echo $!; wait"], cwd=tmp_path, environment=os.environ) as process:
        assert process.stdout is not None
        grandchild = int(process.stdout.readline())
    deadline = time.monotonic() + 10
    while not _has_ended(grandchild) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert _has_ended(grandchild)
    assert process.returncode == -signal.SIGKILL


def test_both_streams_of_a_command_are_read_and_its_lines_are_passed_on(tmp_path: Path) -> None:
    lines: list[str] = []
    command = _command(tmp_path, "echo out; echo err >&2")
    result = command.run(["up"], str(tmp_path), {}, lines.append)
    assert (result.stdout, result.stderr, result.code, lines) == ("out", "err", 0, ["out"])


def test_a_command_sees_no_engine_setting_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://elsewhere")
    command = _command(tmp_path, 'echo "$1 $PULUMI_BACKEND_URL $PULUMI_HOME"')
    assert command.run([], str(tmp_path), {"PULUMI_HOME": "/here"}).stdout == "--non-interactive  /here"


def test_a_command_that_fails_raises_with_what_it_printed(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no such stack"):
        _command(tmp_path, "echo no such stack >&2; exit 255").run([], str(tmp_path), {})


def test_a_signal_to_this_process_is_forwarded_as_an_interrupt(tmp_path: Path) -> None:
    command = _command(tmp_path, "trap 'echo stopped; exit 0' INT; echo ready; while :; do sleep 0.05; done")

    def interrupt(line: str) -> None:
        if line == "ready":
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    with command.forward_signals():
        result = command.run([], str(tmp_path), {}, interrupt)
    assert result.stdout.splitlines() == ["ready", "stopped"]
    assert command.received == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is before


def test_outside_the_main_thread_no_signal_handler_is_set(tmp_path: Path) -> None:
    command = _command(tmp_path, "echo ready")
    results = []

    def run() -> None:
        with command.forward_signals():
            results.append(command.run([], str(tmp_path), {}).stdout)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert results == ["ready"]


def test_a_session_leads_its_own_and_is_not_begun_for_a_parent_that_is_gone() -> None:
    start = [sys.executable, "-I", "-S", str(session.__file__)]
    script = ["/bin/sh", "-c", "cut -d' ' -f1,6 /proc/self/stat; umask; echo $$"]
    done = subprocess.run([*start, str(os.getpid()), *script], capture_output=True, text=True, check=True)
    _, leader = done.stdout.splitlines()[0].split()
    assert (leader, done.stdout.splitlines()[1:]) == (done.stdout.splitlines()[2], ["0077", leader])
    gone = subprocess.run([*start, "1", *script], capture_output=True, text=True, check=False)
    assert (gone.returncode, gone.stdout) == (1, "")
