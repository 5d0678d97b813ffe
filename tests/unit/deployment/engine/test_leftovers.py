"""Processes that a killed engine left: those of this stack are ended, and no others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from rohe_iac.deployment.engine.leftovers import end_leftovers


def _sleeper(home: Path) -> subprocess.Popen[bytes]:
    script = "import sys, time; print(flush=True); time.sleep(600)"
    process = subprocess.Popen(
        [sys.executable, "-c", script], env={**os.environ, "PULUMI_HOME": str(home)}, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_processes_of_this_stack_are_ended_and_no_others(tmp_path: Path) -> None:
    with _sleeper(tmp_path / "one") as mine, _sleeper(tmp_path / "one-more") as other:
        assert end_leftovers(tmp_path / "one") == 1
        assert mine.wait(timeout=60) == -9
        assert other.poll() is None
        other.kill()
    assert end_leftovers(tmp_path / "one") == 0
