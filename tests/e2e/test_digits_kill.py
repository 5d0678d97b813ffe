"""The digits example, applied by hand: a killed classifier is reported, no answer lacks it, and it comes back."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import until

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits"
LIMIT = 300.0


class Stack:
    """The example in a folder of its own, on ports of its own."""

    def __init__(self, folder: Path, engine: Path) -> None:
        self._work = folder / "digits"
        shutil.copytree(EXAMPLE, self._work, ignore=shutil.ignore_patterns("__pycache__"))
        stack = self._work / "blueprints" / "stack.yaml"
        stack.write_text(stack.read_text().replace("24200-24299", "24500-24599"))
        # Windows and load of the example are shown by its demo; half of both leaves more of the machine to other tests.
        contract = self._work / "blueprints" / "contract.yaml"
        contract.write_text(contract.read_text().replace("200", "100"))
        pipeline = self._work / "blueprints" / "pipeline.yaml"
        pipeline.write_text(pipeline.read_text().replace('LOAD: "40"', 'LOAD: "20"'))
        self._environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "XDG_STATE_HOME": str(folder / "state"),
            "ROHE_PULUMI": str(engine),
        }

    def rohe(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["rohe", *arguments],
            cwd=self._work,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )

    def part(self, instance: str) -> dict[str, Any]:
        status = json.loads(self.rohe("status", "-o", "json").stdout)
        return next(part for part in status["parts"] if part["instance"] == instance)

    def wait(self, what: str, happened: Callable[[], bool]) -> None:
        assert until(happened, LIMIT), f"{what} did not come"

    def results(self) -> list[dict[str, Any]]:
        """Returns the newest windows of the objective that judges answers; empty while the agent does not answer."""
        observed = self.rohe("observe", "--last", "1000", "-o", "json")
        found = json.loads(observed.stdout)["results"] if observed.returncode == 0 else []
        return [result for result in found if result["objective"] == "right-answers"]


@pytest.fixture
def stack(engine_path: Path) -> Iterator[Stack]:
    folder = Path(tempfile.mkdtemp(prefix="rohe-", dir="/tmp"))
    found = Stack(folder, engine_path)
    try:
        yield found
    finally:
        found.rohe("destroy", "--yes")
        shutil.rmtree(folder)


@pytest.mark.engine
def test_a_killed_classifier_is_told_the_pipeline_goes_on_and_it_returns(stack: Stack) -> None:
    applied = stack.rohe("apply", "--yes")
    assert applied.returncode == 0, applied.stderr
    stack.wait("the first verdict", lambda: any(result["verdict"] == "KEPT" for result in stack.results()))

    killed = stack.part("classify-bayes-0")
    os.kill(killed["pid"], signal.SIGKILL)
    at = time.time()
    stack.wait("a restart", lambda: stack.part("classify-bayes-0")["restarts"] == killed["restarts"] + 1)

    def answers() -> bool:
        try:
            return bool(urllib.request.urlopen(killed["urls"][0] + "/healthz", timeout=2).status == 200)
        except OSError:
            return False

    stack.wait("an answer on its port", answers)
    assert stack.part("classify-bayes-0")["pid"] != killed["pid"]

    # Windows of 100 answers that began after the kill: others answered for it, and rightly.
    stack.wait("windows since", lambda: any(result["start"] > at for result in stack.results()))
    since = [result for result in stack.results() if result["end"] > at]
    assert {result["verdict"] for result in since} == {"KEPT"}

    assert stack.rohe("destroy", "--yes").returncode == 0
    assert "is not applied: run `rohe apply" in stack.rohe("status").stdout
