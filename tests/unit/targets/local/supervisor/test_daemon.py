"""Claims about the daemon: its logs are bounded and outlive a full disk, and the end of every run is recorded."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from supervisor import loggers, process, states

from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor import cgroups, daemon, wrapper
from rohe_iac.targets.local.supervisor.program import Program
from rohe_iac.targets.local.supervisor.programs import Programs
from rohe_iac.targets.local.supervisor.rpc import UnixTransport
from rohe_iac.targets.local.supervisor.supervision import Supervision

NEVER = threading.Event()


def _line(text: str) -> SimpleNamespace:
    return SimpleNamespace(msg=text.encode(), kw={})


def test_a_log_has_at_most_its_bytes_and_backups(tmp_path: Path) -> None:
    log = daemon.PatientLog(str(tmp_path / "log"), maxBytes=100, backupCount=2)
    for number in range(100):
        log.emit(_line(f"line {number:03}\n"))
    log.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1", "log.2"]
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())
    assert (tmp_path / "log").read_text().endswith("line 099\n")


def _no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_log_that_cannot_be_written_loses_lines_and_says_how_many_once_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = daemon.PatientLog(str(tmp_path / "log"))
    with monkeypatch.context() as full:
        full.setattr(os, "write", _no_room)
        log.emit(_line("lost\n"))
        log.emit(_line("lost\nand lost\n"))
    log.emit(_line("kept\n"))
    log.close()
    assert (tmp_path / "log").read_text() == "\nrohe: 3 lines of this log could not be written\nkept\n"


def test_a_log_in_a_folder_that_is_not_there_ends_nothing(tmp_path: Path) -> None:
    log = daemon.PatientLog(str(tmp_path / "absent" / "log"))
    log.emit(_line("lost\n"))
    log.remove()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 3", "ended with exit code 3"),
        ("kill -9 $$", "was ended by SIGKILL"),
        ("exit 0", "ended with exit code 0"),
    ],
)
def test_the_end_of_a_run_is_recorded_and_written_to_its_log(
    layout: Layout,
    supervision: Supervision,
    make_program: Callable[..., Program],
    until: Callable[..., bool],
    tmp_path: Path,
    script: str,
    words: str,
) -> None:
    ended = tmp_path / "ended"
    once = f"if [ -e {ended} ]; then exec sleep 600; fi; read line < {tmp_path / 'go'}; touch {ended}; {script}"
    os.mkfifo(tmp_path / "go")
    programs = Programs(layout, supervision)
    programs.put(make_program("web", once, startup=20.0), NEVER)
    (tmp_path / "go").write_text("go\n")
    assert until(
        lambda: (found := programs.get("web")) is not None and (found.state, found.last_end) == ("running", words)
    )
    assert until(lambda: f"rohe: the last run {words}" in layout.log("web").read_text())


@pytest.mark.platform
def test_a_program_killed_at_its_memory_limit_says_so(
    layout: Layout,
    supervision: Supervision,
    make_program: Callable[..., Program],
    until: Callable[..., bool],
    tmp_path: Path,
) -> None:
    if cgroups.obstacle("memory"):
        pytest.skip(f"memory cannot be limited: {cgroups.obstacle('memory')}")
    os.mkfifo(tmp_path / "go")
    hungry = "python3 -c \"x = b'x' * (200 * 2 ** 20)\""
    programs = Programs(layout, supervision)
    program = make_program("web", f"read line < {tmp_path / 'go'}; exec {hungry}", startup=20.0, memory=64 * 2**20)
    programs.put(program, NEVER)
    running = programs.get("web")
    assert running is not None
    assert running.unlimited == ()
    (tmp_path / "go").write_text("go\n")
    assert until(lambda: (found := programs.get("web")) is not None and found.last_end != "")
    found = programs.get("web")
    assert found is not None
    assert found.last_end == "was killed for memory: 64Mi"
    assert until(lambda: "rohe: the last run was killed for memory: 64Mi" in layout.log("web").read_text())


def test_a_process_that_is_no_program_is_not_recorded(tmp_path: Path) -> None:
    daemon.record_end(str(tmp_path / "watchdog"), 1, signal.SIGKILL)
    assert list(tmp_path.iterdir()) == []


def test_a_record_is_written_in_place_where_the_disk_has_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "run.json")
    wrapper.write_json(path, {})
    monkeypatch.setattr(os, "replace", _no_room)
    wrapper.write_json(path, {"pid": 7})
    assert wrapper.read_json(path) == {"pid": 7}
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


def test_a_call_to_an_absent_daemon_fails_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        UnixTransport(tmp_path, 1.0).make_connection("localhost").connect()


def test_a_program_that_is_ending_keeps_its_time_though_the_clock_is_set_forward(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wall, passed = time.time(), time.monotonic()
    monkeypatch.setattr(time, "time", lambda: wall)
    monkeypatch.setattr(time, "monotonic", lambda: passed)
    monkeypatch.setattr(process, "time", process.time)
    monkeypatch.setattr(loggers, "RotatingFileHandler", loggers.RotatingFileHandler)
    monkeypatch.setattr(os, "environ", {})
    monkeypatch.setattr(daemon, "RecordingOptions", lambda: SimpleNamespace(realize=lambda *_, **__: None))
    monkeypatch.setattr(daemon, "WatchingSupervisor", lambda _: SimpleNamespace(main=lambda: None))
    daemon.main([])
    signals: list[int] = []
    logger = SimpleNamespace(warn=lambda _: None, debug=lambda _: None, info=lambda _: None, blather=lambda _: None)
    options = SimpleNamespace(logger=logger, mood=states.SupervisorStates.RUNNING)
    options.kill = lambda _pid, number: signals.append(number)
    program = process.Subprocess(
        SimpleNamespace(name="web", options=options, startsecs=0, stopwaitsecs=10, stopasgroup=True, killasgroup=True)
    )
    program.pid, program.state, program.group = 4711, states.ProcessStates.RUNNING, SimpleNamespace()
    program.kill(signal.SIGTERM)
    wall += 86400.0
    passed += 9.0
    program.transition()
    assert signals == [signal.SIGTERM]
    passed += 2.0
    program.transition()
    assert signals == [signal.SIGTERM, signal.SIGKILL]
