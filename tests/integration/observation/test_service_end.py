"""The end of a service and its successor: what was accepted is sent before SIGTERM ends it, and no outbox has two."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from observed_brokers import RunningBroker
from observed_stage import STACK, Stage, load_configuration

pytestmark = pytest.mark.broker

SERVICE = """
import sys, time
from rohe_iac.reporting import Reporter
reporter = Reporter.from_environment()
for number in range(int(sys.argv[1])):
    while not reporter.report(request=f"r{number}", start=time.time(), end=time.time()):
        time.sleep(0.01)
print(reporter.accepted, flush=True)
time.sleep(600)
"""
"""A service that has no handler of SIGTERM: it reports, prints how many reports were accepted, and goes on."""

REPORTS = 300


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker) -> Iterator[Stage]:
    stage = Stage(tmp_path, own_broker, load_configuration(2))
    yield stage
    stage.end()


def environment(stage: Stage, instance: str) -> dict[str, str]:
    return {
        **os.environ,
        "ROHE_STACK": STACK, "ROHE_PIPELINE": "load", "ROHE_SERVICE": "load", "ROHE_INSTANCE": instance,
        "ROHE_OUTBOX": str(stage.folder / instance), "ROHE_REPORT_URL": stage.broker.url,
        "ROHE_REPORT_CREDENTIALS": str(stage.broker.credentials(stage.folder, "service")),
    }  # fmt: skip


def begin(stage: Stage, command: list[str]) -> subprocess.Popen[bytes]:
    """Starts the service, and returns it once all its reports are accepted."""
    process = subprocess.Popen(command, env=environment(stage, "load-0"), stdout=subprocess.PIPE)
    stage.services["load-0"] = process
    assert process.stdout is not None
    assert process.stdout.readline() == f"{REPORTS}\n".encode()
    return process


def waiting(stage: Stage) -> int:
    database = sqlite3.connect(stage.folder / "load-0" / "outbox.db")
    try:
        return int(database.execute("SELECT count(*) FROM waiting").fetchone()[0])
    finally:
        database.close()


def test_sigterm_ends_a_service_once_its_reports_are_acknowledged(stage: Stage) -> None:
    stage.start_agent()
    stage.wait_for(lambda: stage.ask("status"))
    assert stage.agent is not None
    stage.agent.send_signal(signal.SIGSTOP)
    service = begin(stage, [sys.executable, "-c", SERVICE, str(REPORTS)])
    assert waiting(stage) == REPORTS
    service.send_signal(signal.SIGTERM)
    stage.agent.send_signal(signal.SIGCONT)
    assert service.wait(30) == -signal.SIGTERM
    assert waiting(stage) == 0
    assert sum(stage.stored_requests().values()) == REPORTS
    client = stage.ask("status")[0]["clients"]["load-0"]
    assert (client["state"], client["waiting"]) == ("stopped", 0)


def test_sigterm_ends_a_service_soon_where_nobody_acknowledges(stage: Stage) -> None:
    stage.broker.kill()
    service = begin(stage, [sys.executable, "-c", SERVICE, str(REPORTS)])
    service.send_signal(signal.SIGTERM)
    assert service.wait(30) == -signal.SIGTERM
    assert waiting(stage) == REPORTS


@pytest.mark.platform
def test_sigterm_ends_the_first_process_of_a_container(stage: Stage) -> None:
    unshare = shutil.which("unshare")
    allowed = unshare and subprocess.run([unshare, "--pid", "--fork", "true"], capture_output=True, check=False)
    if not unshare or not allowed or allowed.returncode != 0:
        pytest.skip("no namespace of processes can be made here")
    stage.broker.kill()
    outer = begin(stage, [unshare, "--pid", "--fork", "--kill-child", sys.executable, "-c", SERVICE, str(REPORTS)])
    (service,) = psutil.Process(outer.pid).children()
    service.send_signal(signal.SIGTERM)
    assert outer.wait(30) == 128 + signal.SIGTERM


def test_a_second_process_of_an_instance_waits_for_the_outbox_of_the_first(stage: Stage) -> None:
    stage.start_agent()
    stage.start_service("load-0", rate=60)
    stage.wait_for(lambda: sum(stage.stored_requests().values()) > 30)
    first = stage.services.pop("load-0")
    stage.start_service("load-0", rate=60)
    log = stage.folder / "load-0.log"
    stage.wait_for(lambda: "belongs to process" in log.read_text())
    # The second one connects under the name of the first only when the first has ended, so nobody is disconnected.
    before = len(stage.stored_requests())
    stage.wait_for(lambda: len(stage.stored_requests()) > before + 60)
    assert len({request.split("-")[1] for _, request in stage.stored_requests()}) == 1
    first.kill()
    first.wait()
    stage.wait_for(lambda: len({request.split("-")[1] for _, request in stage.stored_requests()}) == 2)
    counters = stage.end_load()["load-0"]
    assert counters["flushed"]
    assert counters["refused"] == 0
    stored = stage.stored_requests()
    assert stage.accepted_requests() - stored == {}
    assert max(stored.values()) == 1
