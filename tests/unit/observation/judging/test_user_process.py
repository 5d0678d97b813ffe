"""The process of a user function: its numbers, and what becomes of one that takes too long, too much, or just ends."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from waiting import until

from rohe_iac.foundation.user_modules import FUNCTION_BYTES
from rohe_iac.observation.contract import ProcessingSpec, WindowSpec
from rohe_iac.observation.judging.user_process import CREDENTIALS, FunctionFailed, UserProcess
from rohe_iac.observation.judging.user_program import Task, measured

MODULE = """
import mmap
import os
import subprocess
import sys
import threading

held = []
calls = []

def count(samples, least=0):
    print("not an answer")
    calls.append(1)
    return {"rows": len(samples), "calls": len(calls), "least": least}

def loop(samples):
    while True:
        pass

def hold(samples):
    held.append(bytearray(samples[0]["size"]))
    return {"held": len(held)}

def end(samples):
    os._exit(samples[0].get("code", 7))

def shared(samples):
    for _ in range(samples[0]["mebibytes"]):
        held.append(mmap.mmap(-1, 2**20))
        held[-1].write(b"x" * 2**20)
    return {"held": len(held)}

def delegated(samples):
    source = "held = b'x' * 2**24; print(flush=True); input()"
    for _ in range(samples[0]["mebibytes"] // 16):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        held.append(subprocess.Popen([sys.executable, "-c", source], start_new_session=True, **pipes))
        held[-1].stdout.readline()
    return {"held": len(held)}

def slow(samples):
    shared(samples)
    threading.Event().wait()

def work():
    while True:
        calls.append(1)

def busy(samples):
    if not held:
        held.append(threading.Thread(target=work, daemon=True))
        held[0].start()
    before = len(calls)
    while len(calls) == before:
        pass
    return {"pid": os.getpid()}

def offspring(samples):
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    # The shell ends at once, so that its child has no parent of this module.
    script = "setsid sleep 600 >/dev/null 2>&1 & echo $!"
    orphan = int(subprocess.run(["sh", "-c", script], stdout=subprocess.PIPE, check=True).stdout)
    if samples[0].get("end"):
        print(child.pid, orphan, file=open("pids", "w"), flush=True)
        os._exit(7)
    return {"child": child.pid, "orphan": orphan, "own": os.getpid()}

def environment(samples):
    return {name: 1.0 for name in os.environ if name.startswith("ROHE_")}

def many(samples):
    return {f"{number:0100}": 1.0 for number in range(20_000)}
"""


packed = msgspec.msgpack.encode


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Yields a function that makes the process of a function, with bounds."""
    (tmp_path / "mine.py").write_text(MODULE)
    (tmp_path / "large.py").write_text("held = b'x' * 2**26\ndef count(samples):\n    return {}\n")
    (tmp_path / "broken.py").write_text("import no_such_module_anywhere")
    monkeypatch.chdir(tmp_path)
    made: list[UserProcess] = []

    def start(
        function: str, *, options: dict[str, Any] | None = None, memory: int = FUNCTION_BYTES, **bounds: Any
    ) -> UserProcess:
        window = WindowSpec(size_count=1, every_count=1)
        reference = function if ":" in function else f"mine.py:{function}"
        spec = ProcessingSpec(function=reference, window=window, options=options or {}, memory=memory)
        made.append(UserProcess(spec, **bounds))
        return made[-1]

    yield start
    for process in made:
        process.close()


def test_the_function_gets_the_environment_of_the_agent_without_its_credentials(
    started: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ROHE_AMQP_PASSWORD", "ROHE_REPORT_CREDENTIALS", "ROHE_AMQP_CA", "ROHE_PROGRAM"):
        monkeypatch.setenv(name, "x")
    given = set(started("environment").call(packed([])))
    assert given >= {"ROHE_AMQP_CA", "ROHE_PROGRAM"}
    assert given.isdisjoint({"ROHE_AMQP_PASSWORD", "ROHE_REPORT_CREDENTIALS"})


def test_every_variable_with_a_password_is_kept_from_functions(root: Path) -> None:
    rows = (root / "docs" / "environment.md").read_text().splitlines()
    with_password = [row for row in rows if row.startswith("| `ROHE_") and "password" in row]
    named = {name for row in with_password for name in re.findall("`(ROHE_[A-Z_]+)`", row.split(" | ")[0])}
    assert named - {"ROHE_REPORT_URL", "ROHE_AMQP_CA"} == CREDENTIALS


def test_one_process_answers_all_windows(started: Any) -> None:
    process = started("count", options={"least": 3})
    assert process.call(packed([{"x": 1}, {"x": 2}])) == {"rows": 2.0, "calls": 1.0, "least": 3.0}
    assert process.call(packed([{"text": "y" * 10**6}]))["calls"] == 2.0


def test_a_function_that_takes_too_long_is_ended_and_started_again(started: Any) -> None:
    process = started("loop", seconds=0.3)
    for _ in range(2):
        with pytest.raises(FunctionFailed, match=r"did not answer within 0\.3 s"):
            process.call(packed([{}]))


def test_a_call_ends_when_it_is_not_waited_for(started: Any) -> None:
    process = started("loop", seconds=300)
    process.ending.set()
    with pytest.raises(FunctionFailed, match="the agent ended"):
        process.call(packed([{}]))


def test_a_function_gets_no_more_memory_than_its_budget(started: Any) -> None:
    process = started("hold", memory=64 * 2**20)
    assert process.call(packed([{"size": 2**20}])) == {"held": 1.0}
    with pytest.raises(FunctionFailed, match=r"^MemoryError \(its processes may have 64Mi of memory\)$"):
        process.call(packed([{"size": 200 * 2**20}]))
    assert process.call(packed([{"size": 2**20}])) == {"held": 1.0}, "it began anew"


linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def state_of(pid: float) -> str:
    """Returns the letter of proc_pid_stat(5) for the state of a process; "" where it is gone."""
    try:
        return (Path("/proc") / f"{pid:.0f}" / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def wait_for_state(pids: Collection[float], state: str) -> None:
    assert until(lambda: all(state_of(pid) == state for pid in pids), 20), [state_of(pid) for pid in pids]


@linux
@pytest.mark.platform
@pytest.mark.parametrize(("function", "held"), [("shared", 16.0), ("delegated", 1.0)])
def test_memory_counts_that_is_shared_or_of_processes_that_a_function_started(
    started: Any, function: str, held: float
) -> None:
    process = started(function, memory=64 * 2**20, seconds=30)
    assert process.call(packed([{"mebibytes": 16}])) == {"held": held}
    with pytest.raises(FunctionFailed, match=r"its processes had more than 64Mi of memory, and were ended"):
        process.call(packed([{"mebibytes": 64}]))
    assert process.call(packed([{"mebibytes": 16}])) == {"held": held}, "it began anew"


@linux
@pytest.mark.platform
def test_a_function_that_takes_too_much_is_ended_before_it_answers(started: Any) -> None:
    with pytest.raises(FunctionFailed, match="more than 32Mi"):
        started("slow", memory=32 * 2**20, seconds=300).call(packed([{"mebibytes": 64}]))


@linux
@pytest.mark.platform
def test_what_loading_takes_is_part_of_the_memory_of_a_function(started: Any) -> None:
    with pytest.raises(FunctionFailed, match="its processes had more than 32Mi of memory, and were ended"):
        started("large.py:count", memory=32 * 2**20).call(packed([{}]))


@linux
@pytest.mark.platform
def test_a_thread_of_a_function_runs_only_during_calls(started: Any) -> None:
    process = started("busy", seconds=30)
    for _ in range(2):
        wait_for_state([process.call(packed([{}]))["pid"]], "T")


@linux
@pytest.mark.platform
def test_processes_that_a_function_started_run_only_during_calls_and_end_with_it(started: Any) -> None:
    process = started("offspring")
    pids = process.call(packed([{}])).values()
    wait_for_state(pids, "T")
    process.close()
    wait_for_state(pids, "")


@linux
@pytest.mark.platform
def test_processes_that_a_function_started_end_where_its_own_ends(started: Any, tmp_path: Path) -> None:
    with pytest.raises(FunctionFailed, match="exit code 7"):
        started("offspring").call(packed([{"end": True}]))
    wait_for_state([int(pid) for pid in (tmp_path / "pids").read_text().split()], "")


HOLDER = """
import time
import msgspec
from rohe_iac.observation.contract import ProcessingSpec, WindowSpec
from rohe_iac.observation.judging.user_process import UserProcess

window = WindowSpec(size_count=1, every_count=1)
process = UserProcess(ProcessingSpec(function="mine.py:offspring", window=window))
print(*process.call(msgspec.msgpack.encode([{}])).values(), flush=True)
time.sleep(600)
"""


@linux
@pytest.mark.platform
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.usefixtures("started")
def test_nothing_of_a_function_outlives_the_process_that_calls_it(how: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        pids = [float(pid) for pid in holder.stdout.readline().split()]
        try:
            wait_for_state(pids, "T")
        finally:
            holder.send_signal(how)
    assert len(pids) == 3
    wait_for_state(pids, "")


@pytest.mark.parametrize(
    ("function", "why"),
    [
        ("end", r"its process ended \(exit code 7\)"),
        ("many", "its process ended"),
        ("broken.py:count", "no_such_module_anywhere"),
        ("mine.py:absent", "no function 'absent'"),
    ],
)
def test_why_a_function_has_no_numbers_is_said(started: Any, function: str, why: str) -> None:
    with pytest.raises(FunctionFailed, match=why):
        started(function).call(packed([{}]))


def test_whatever_a_function_returns_is_numbers_or_a_failure() -> None:
    def answer(value: object) -> Any:
        return measured(Task("f", "", (), {}, 0), lambda _: value, None, [{}])

    assert answer({"a": 1, "b": True, "c": "text", "d": None}).numbers == {"a": 1.0, "b": True}
    assert answer(3).failure.startswith("TypeError")
