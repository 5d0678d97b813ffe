"""The end of a service, by itself or by SIGTERM: what is pending is written first."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

SERVICE = """
import os, sys, time
from pathlib import Path
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.reporting.reporter import Reporter
from rohe_iac.reporting.settings import ReporterSettings
from rohe_iac.reporting.write_buffer import WriteBuffer
import rohe_iac.reporting.ending
rohe_iac.reporting.ending.WRITE_PATIENCE = 20.0  # so that no machine is too slow
flush_buffer = WriteBuffer.flush
def flush(self, timeout):
    os.write(1, b"ending\\n")
    return flush_buffer(self, timeout)
WriteBuffer.flush = flush
reporter = Reporter(ReporterSettings(broker=BrokerAddress("127.0.0.1", 1), stack="s", pipeline="p", service="svc",
    instance="svc-0", outbox=Path(sys.argv[1])))
print("opened", flush=True)
sys.stdin.readline()
reporter.report()
print(reporter.pending, flush=True)
{end}
"""


@pytest.mark.parametrize(("end", "code"), [("time.sleep(60)", -signal.SIGTERM), ("sys.exit(3)", 3)])
def test_a_service_that_ends_writes_what_is_pending(tmp_path: Path, end: str, code: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVICE.replace("{end}", end), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "opened\n"
    holder = sqlite3.connect(tmp_path / "outbox.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")  # as a disk that does not answer
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "1\n"
    if code < 0:
        os.kill(process.pid, signal.SIGTERM)
    assert process.stdout.readline() == "ending\n"
    holder.execute("ROLLBACK")
    assert process.wait(30) == code
    assert holder.execute("SELECT seq FROM waiting").fetchall() == [(1,)]
