"""User modules that loop, leak, raise or end their process: each is stopped, and everything else goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from fault_stage import accepted, begin, end_and_compare, go_on, truthful_configuration
from observed_brokers import RunningBroker
from observed_stage import Stage

from rohe_iac.observation.contract import ProcessingSpec, WindowSpec

pytestmark = pytest.mark.broker

MODULE = """
import os

held = []

def well(samples):
    print("what a function prints is no answer")
    return {"rows": len(samples)}

def loop(samples):
    while True:
        pass

def leak(samples):
    while True:
        held.append(bytearray(2**20))

def fail(samples):
    raise RuntimeError("broken")

def end(samples):
    os._exit(3)
"""

EXPECTED = {
    "loop": "it did not answer within 2 s, and was ended",
    "leak": "256Mi of memory",
    "fail": "RuntimeError: broken",
    "end": "its process ended (exit code 3)",
}
"""What the log says of each function; the kernel or the agent ends the one that leaks, whichever is first."""

MOST_RESIDENT = 160 * 2**20
"""Bytes that the agent's own process takes, at most."""


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker) -> Iterator[Stage]:
    (tmp_path / "mine.py").write_text(MODULE)
    configuration = truthful_configuration(3)
    [contract] = configuration.contracts
    window = WindowSpec(size_seconds=1.0, every_seconds=1.0)
    processing = tuple(ProcessingSpec(function=f"mine.py:{name}", window=window) for name in ("well", *EXPECTED))
    contract = msgspec.structs.replace(contract, processing=processing)
    stage = Stage(tmp_path, own_broker, msgspec.structs.replace(configuration, contracts=(contract,)))
    yield stage
    stage.end()


def is_told(log: Path, name: str, text: str) -> bool:
    """Checks whether a line of the agent's log says something of a function."""
    lines = log.read_text().splitlines()
    return any(f"user function mine.py:{name} of contract truth: " in line and text in line for line in lines)


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.soak)], ids=["once", "to the end"])
def test_a_function_out_of_its_bounds_is_stopped_and_everything_else_goes_on(stage: Stage, *, whole: bool) -> None:
    begin(stage)
    log = stage.folder / "agent.log"
    for name, why in EXPECTED.items():
        stage.wait_for(lambda name=name, why=why: is_told(log, name, why), 60)
    if whole:
        for name in EXPECTED:
            rare = "it failed 5 times in a row, and is not called for 16 s"
            stage.wait_for(lambda name=name, rare=rare: is_told(log, name, rare), 240)
        stage.kill_agent()
        stage.start_agent()
        go_on(stage, 3)
    stage.wait_for(lambda: [one for one in stage.ask("results") if one["objective"] == "well.rows"])
    assert stage.agent is not None
    status = Path(f"/proc/{stage.agent.pid}/status").read_text()
    most = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))
    assert most < MOST_RESIDENT
    end_and_compare(stage)


RATE = 100.0
"""Reports of each of three services in a second."""


def test_no_function_holds_up_reports_acknowledgements_and_heartbeats(stage: Stage) -> None:
    [contract] = stage.configuration.contracts
    window = WindowSpec(size_count=100, every_count=100)
    names = ("well", "well", "well", "well", *EXPECTED)
    processing = tuple(ProcessingSpec(function=f"mine.py:{name}", window=window) for name in names)
    contract = msgspec.structs.replace(contract, processing=processing)
    stage.configuration = msgspec.structs.replace(stage.configuration, contracts=(contract,))
    stage.start_agent()
    for index in range(3):
        stage.start_service(f"load-{index}", RATE)
    oldest = 0.0

    def is_done() -> bool:
        nonlocal oldest
        beat = stage.folder / "store" / "heartbeat"
        oldest = max(oldest, time.time() - beat.stat().st_mtime if beat.exists() else 0.0)
        return accepted(stage) >= 60 * RATE and all(is_told(log, *one) for one in EXPECTED.items())

    log = stage.folder / "agent.log"
    stage.wait_for(is_done, 240)
    [status] = stage.ask("status")
    print(f"the oldest heartbeat was {oldest:.1f} s old; {status['counts'].get('duplicates', 0)} duplicates")
    assert status["counts"].get("duplicates", 0) < accepted(stage) / 10, "what is not acknowledged is sent again"
    functions = {found["function"]: found for found in status["health"]["functions"]}
    assert {name for name, found in functions.items() if found["failed"]} == {f"mine.py:{name}" for name in EXPECTED}
    warned = " ".join(warning["text"] for warning in status["health"]["warnings"] if warning["kind"] == "function")
    assert "user function mine.py:loop of contract truth failed" in warned
    end_and_compare(stage)
