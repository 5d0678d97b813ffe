"""Claims about the state of a program and the words for a failed start."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rohe_iac.foundation.peers import listeners
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor.program import Program, ReadinessProbe
from rohe_iac.targets.local.supervisor.programs import NotReady, Programs
from rohe_iac.targets.local.supervisor.running import last_output, remedy_of, running_of
from rohe_iac.targets.local.supervisor.supervision import Supervised, Supervision
from rohe_iac.targets.local.supervisor.wrapper import ANNOUNCEMENT, FREE_RESTARTS, QUICK, begun_now, boot_id, write_json

NEVER = threading.Event()
Make = Callable[..., Program]


@pytest.fixture
def ports() -> Iterator[int]:
    """Returns ports that nobody listens on, below those that the system gives to outgoing connections."""
    used = set(listeners().values())
    return (port for port in range(13000 + os.getpid() % 900, 15000) if port not in used)


def test_a_program_that_listens_elsewhere_is_not_ready_and_its_real_port_is_named(
    layout: Layout, supervision: Supervision, make_program: Make, ports: Iterator[int]
) -> None:
    declared, actual = next(ports), next(ports)
    programs = Programs(layout, supervision)
    web = make_program(
        "web", f"exec python3 -m http.server -b 127.0.0.1 {actual}", ports={"http": declared}, startup=3.0
    )
    with pytest.raises(NotReady) as raised:
        programs.put(web, NEVER)
    assert raised.value.brief == (
        f"it was not ready within 3 s: it listens on {actual}, not on its port {declared} (http)"
    )


def test_a_program_that_stops_listening_is_not_running_any_more(
    layout: Layout, supervision: Supervision, make_program: Make, ports: Iterator[int], until: Callable[..., bool]
) -> None:
    port = next(ports)
    script = f"python3 -m http.server -b 127.0.0.1 {port} & echo $! > {layout.run}/server; wait; exec sleep 600"
    programs = Programs(layout, supervision)
    programs.put(make_program("web", script, ports={"http": port}, startup=10.0), NEVER)
    assert [running.state for running in programs.all()] == ["running"]
    os.kill(int((layout.run / "server").read_text()), 9)
    assert until(lambda: [running.state for running in programs.all()] == ["not listening"])
    assert [running.detail for running in programs.all()] == [f"does not listen on its port {port} (http)"]


def test_ports_that_are_udp_or_not_probed_need_not_be_listened_on(make_program: Make) -> None:
    ports = {"http": 1, "metrics": 2, "stream": 3}
    assert make_program("a", "", ports=ports, datagrams=("stream",)).expected_ports == {"http": 1, "metrics": 2}
    assert make_program("a", "", ports=ports, probe=ReadinessProbe(1)).expected_ports == {"http": 1}


@pytest.mark.parametrize("step", [-86400.0, 86400.0], ids=["back", "forward"])
def test_the_state_of_a_program_goes_by_the_time_that_has_passed_however_the_clock_is_set(
    layout: Layout, make_program: Make, ports: Iterator[int], monkeypatch: pytest.MonkeyPatch, step: float
) -> None:
    web = make_program("web", "", ports={"http": next(ports)}, startup=30.0)
    folder = layout.program("web")
    folder.mkdir()
    run = {"pid": os.getpid(), "digest": web.digest, "state": "started", "boot": boot_id()}
    begun, wall = begun_now(), time.time() + step
    monkeypatch.setattr(time, "time", lambda: wall)

    def state(age: float, quick: int = 0) -> str:
        write_json(str(folder / "run.json"), {**run, **begun, "since": begun["since"] - age, "quick": quick})
        return running_of(folder, web, Supervised("web", "RUNNING", os.getpid())).state

    assert [state(0.0), state(30.0)] == ["starting", "not listening"]
    assert [state(0.0, FREE_RESTARTS), state(QUICK, FREE_RESTARTS)] == ["failing", "starting"]


def test_a_program_without_a_port_is_ready_after_a_while_though_the_clock_was_set_back(
    layout: Layout, supervision: Supervision, make_program: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = time.time() - 86400.0
    monkeypatch.setattr(time, "time", lambda: wall)
    Programs(layout, supervision).put(make_program("web", "exec sleep 600", startup=30.0), NEVER)


def test_only_the_lines_of_this_start_are_shown_with_its_exit_code(
    layout: Layout, supervision: Supervision, make_program: Make
) -> None:
    programs = Programs(layout, supervision)
    for reason in ("the first", "the second"):
        with pytest.raises(NotReady, match="it exits right after its start: ended with exit code 4") as raised:
            programs.put(make_program("web", f"echo {reason}; exit 4", startup=20.0), NEVER)
        assert raised.value.detail == reason


@pytest.mark.parametrize("present", ["", "again\n"])
def test_lines_of_starts_that_follow_while_the_log_is_read_are_not_mixed(
    layout: Layout, make_program: Make, present: str
) -> None:
    program = make_program("web", "")
    layout.program("web").mkdir()
    before = "of a start long before\n"
    write_json(str(layout.program("web") / "run.json"), {"log": len(before)})
    end = f"{ANNOUNCEMENT} ended with exit code 4\n"
    layout.log("web").write_text(f"{before}again\n{end}again\n{end}{present}")
    assert last_output(layout, program, 5) == "again"


@pytest.mark.parametrize(
    ("output", "package"),
    [
        ("Traceback\nModuleNotFoundError: No module named 'sklearn'", "scikit-learn"),
        ("ModuleNotFoundError: No module named 'torch.nn'", "torch"),
    ],
)
def test_a_missing_module_names_the_command_that_installs_it(make_program: Make, output: str, package: str) -> None:
    program = Program("web", "", ("python3", "x.py"), "/", {"PATH": os.environ["PATH"]})
    command = remedy_of(program, output)
    assert command.endswith(f" -m pip install {package}")
    assert Path(command.split()[0]).exists()
    assert remedy_of(program, "KeyError: 'a'") == ""
