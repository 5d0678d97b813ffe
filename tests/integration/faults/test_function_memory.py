"""User functions that leak, within the memory that the plan gives their agent: each is ended at its own bound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from fault_stage import begin, end_and_compare, go_on, truthful_configuration
from limited_memory import group_with
from observed_brokers import RunningBroker
from observed_stage import Stage

from rohe_iac.blueprint.linked.memory_figures import MEBIBYTE, PROCESS_BYTES
from rohe_iac.observation.contract import ProcessingSpec, WindowSpec

pytestmark = pytest.mark.broker

MODULE = """
import mmap
import time

held = []

def private(samples):
    while True:
        held.append(bytearray(2**20))

def shared(samples):
    while True:
        held.append(mmap.mmap(-1, 2**18))
        held[-1].write(b"x" * 2**18)
        time.sleep(0.001)
"""

BOUND = 64 * MEBIBYTE
"""Bytes that each function may have."""

LIMIT = PROCESS_BYTES + 2 * BOUND + 40 * MEBIBYTE
"""Bytes of the agent with its functions and reports, and what a function takes between two looks at it."""

EXPECTED = {
    "private": "MemoryError (its processes may have 64Mi of memory)",
    "shared": "its processes had more than 64Mi of memory, and were ended",
}
"""What the log says of each function."""


@pytest.fixture
def group() -> Iterator[Path]:
    with group_with(LIMIT) as group:
        yield group


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker, group: Path) -> Iterator[Stage]:
    """Yields a stage that ends before its control group is removed, which must have no process then."""
    assert group.exists()
    (tmp_path / "mine.py").write_text(MODULE)
    configuration = truthful_configuration(1)
    window = WindowSpec(size_seconds=1.0, every_seconds=1.0)
    processing = tuple(ProcessingSpec(function=f"mine.py:{name}", window=window, memory=BOUND) for name in EXPECTED)
    contract = msgspec.structs.replace(configuration.contracts[0], processing=processing)
    stage = Stage(tmp_path, own_broker, msgspec.structs.replace(configuration, contracts=(contract,)))
    yield stage
    stage.end()


def test_functions_that_leak_end_at_their_own_bounds_and_the_agent_goes_on(stage: Stage, group: Path) -> None:
    begin(stage, 1, group)
    log = stage.folder / "agent.log"
    for name, why in EXPECTED.items():
        told = f"user function mine.py:{name} of contract truth: {why}"
        stage.wait_for(lambda told=told: told in log.read_text())
    [status] = stage.ask("status")
    assert status["memory"]["limit"] == LIMIT - 2 * BOUND, "functions have their part of the limit"
    assert "oom_kill 0" in (group / "memory.oom_control").read_text().splitlines()
    assert stage.agent is not None
    assert stage.agent.poll() is None, "the agent was ended"
    go_on(stage, 5.0)
    end_and_compare(stage)
