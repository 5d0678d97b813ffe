"""A full disk under agent and service: both live on, nothing that was accepted is lost, and they go on with room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from observed_brokers import RunningBroker
from observed_stage import Stage, load_configuration

pytestmark = pytest.mark.broker

DISK = "48m"

INSTANCES = 4
"""Services, whose reports that are under way fill the window of any broker."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yields a file system of 48 MB, which only root can mount."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0700", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, check=False).returncode != 0:
        pytest.skip("a file system to fill can only be mounted by root")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.fixture
def stage(tmp_path: Path, small_disk: Path, own_broker: RunningBroker) -> Iterator[Stage]:
    stage = Stage(tmp_path, own_broker, load_configuration(1))
    for name in ("store", "load-0"):
        (small_disk / name).mkdir()
        (tmp_path / name).symlink_to(small_disk / name)
    yield stage
    stage.end()


def fill(disk: Path) -> Path:
    """Fills a file system to the last byte."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as stream:
        for size in (2**20, 2**12, 1):
            block = b"\0" * size
            try:
                while stream.write(block) == size:
                    pass
            except OSError:
                continue
    return filler


def test_agent_and_service_outlive_a_full_disk_and_lose_nothing_accepted(stage: Stage, small_disk: Path) -> None:
    stage.start_agent()
    stage.start_service("load-0", rate=400)
    stage.wait_for(lambda: sum(stage.stored_requests().values()) > 200)
    filler = fill(small_disk)
    agent_log, service_log = stage.folder / "agent.log", stage.folder / "load-0.log"
    stage.wait_for(lambda: "no room on the file system of" in agent_log.read_text())
    stage.wait_for(lambda: "report dropped: no room on the file system of" in service_log.read_text())
    [status] = stage.ask("status")
    assert status["trouble"].startswith("no room on the file system of")
    before = len(stage.accepted_requests())
    filler.unlink()
    stage.wait_for(lambda: len(stage.accepted_requests()) > before + 400)
    counters = stage.end_load()
    assert counters["load-0"]["flushed"], counters
    assert counters["load-0"]["refused"] > 0
    assert "there is room again" in agent_log.read_text()
    assert stage.ask("status")[0]["trouble"] == ""
    assert stage.stop_agent() == 0
    assert stage.accepted_requests() - stage.stored_requests() == {}
    assert max(stage.stored_requests().values()) == 1


def test_an_agent_answers_while_its_disk_is_full_and_the_broker_sends_no_more_reports(
    tmp_path: Path, small_disk: Path, own_broker: RunningBroker
) -> None:
    stage = Stage(tmp_path, own_broker, load_configuration(INSTANCES))
    (small_disk / "store").mkdir()
    (tmp_path / "store").symlink_to(small_disk / "store")
    try:
        stage.start_agent()
        for number in range(INSTANCES):
            stage.start_service(f"load-{number}", rate=400)
        stage.wait_for(lambda: sum(stage.stored_requests().values()) > 200)
        filler = fill(small_disk)
        stage.wait_for(lambda: "no room on the file system of" in (stage.folder / "agent.log").read_text())
        before = len(stage.accepted_requests())
        # Several times what brokers send without acknowledgement, and each reporter its own bound.
        stage.wait_for(lambda: len(stage.accepted_requests()) > before + 6000, timeout=60)
        for _ in range(2):
            assert stage.ask("status")[0]["trouble"].startswith("no room on the file system of")
        filler.unlink()
        stage.wait_for(lambda: stage.ask("status")[0]["trouble"] == "")
    finally:
        stage.end()


def test_an_agent_starts_and_ends_in_order_on_a_full_disk(stage: Stage, small_disk: Path) -> None:
    stage.start_agent()
    stage.wait_for(lambda: (stage.folder / "store" / "agent.db").exists())
    stage.kill_agent()
    filler = fill(small_disk)
    stage.start_agent()
    stage.wait_for(lambda: "no room on the file system of" in (stage.folder / "agent.log").read_text())
    assert stage.stop_agent() == 0
    filler.unlink()
