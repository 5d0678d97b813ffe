"""The demo, run as a user runs it, with the real engine; interrupted and killed too.

Demos have the ports of the example, so that one runs at a time: tests/conftest.py gives all tests here to one worker.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

DEMO = Path(__file__).parents[2] / "examples" / "digits" / "demo.py"
LIMIT = 400.0


class Run:
    """One run of the demo, its output in a file."""

    def __init__(self, folder: Path, engine: Path) -> None:
        self._file = folder / "output.txt"
        environment = {**os.environ, "TMPDIR": str(folder), "ROHE_PULUMI": str(engine), "NO_COLOR": "1"}
        environment.pop("COLUMNS", None)
        with self._file.open("wb") as stream:
            self.process = subprocess.Popen(
                [sys.executable, str(DEMO)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._file.read_text(errors="replace")

    def wait_for(self, text: str) -> None:
        end = time.monotonic() + LIMIT
        while text not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < end, f"'{text}' was not said:\n{self.output}"
            time.sleep(0.1)

    def signal(self, number: int) -> None:
        """Sends a signal to the whole foreground group, as a terminal does."""
        os.killpg(self.process.pid, number)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yields a folder with a short path, for the supervisor's socket, and ends what a failed test left there."""
    path = Path(tempfile.mkdtemp(prefix="rohe-", dir="/tmp"))
    yield path
    for process in processes_of(path):
        process.kill()
    shutil.rmtree(path)


def processes_of(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            texts = [process.environ().get("XDG_STATE_HOME", ""), *process.cmdline()]
        except psutil.Error:
            continue
        if any(text.startswith(str(folder)) for text in texts):
            found.append(process)
    return found


def in_order(text: str, *parts: str) -> None:
    position = 0
    for part in parts:
        found = text.find(part, position)
        assert found >= 0, f"'{part}' does not come where it should in:\n{text}"
        position = found


@pytest.mark.engine
def test_the_demo_shows_the_whole_way_and_takes_away_what_a_killed_one_left(folder: Path, engine_path: Path) -> None:
    killed = Run(folder, engine_path)
    killed.wait_for("+ created replica/digits:aggregate/0")
    killed.signal(signal.SIGKILL)
    killed.process.wait(LIMIT)
    assert processes_of(folder), "the stack outlives the demo that was killed"

    demo = Run(folder, engine_path)
    demo.process.wait(LIMIT)
    assert demo.process.returncode == 0, demo.output
    in_order(
        demo.output,
        "an earlier demo was killed",
        "$ rohe validate",
        "$ rohe plan --out digits.plan",
        "$ rohe apply --yes digits.plan",
        "$ rohe status",
        "$ rohe observe",
        "KEPT",
        "$ python -m digits.noise",
        "$ rohe violations",
        "classify/bayes",
        "$ rohe explain v-",
        "classify goes on without bayes",
        "Blame: member classify/bayes",
        "KEPT",
        "$ rohe observe",
        "forest, svm go on",
        "$ rohe destroy --yes",
        "Nothing is left",
    )
    assert "Traceback" not in demo.output
    assert processes_of(folder) == []
    assert [path.name for path in folder.iterdir()] == ["output.txt"]


@pytest.mark.engine
def test_a_second_demo_is_refused_and_ctrl_c_during_apply_leaves_nothing(folder: Path, engine_path: Path) -> None:
    demo = Run(folder, engine_path)
    demo.wait_for("$ rohe validate")
    second = subprocess.run(
        [sys.executable, str(DEMO)],
        env={**os.environ, "TMPDIR": str(folder), "ROHE_PULUMI": str(engine_path)},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert second.returncode == 1
    assert "another demo" in second.stderr

    demo.wait_for("+ created broker/broker")
    demo.signal(signal.SIGINT)
    demo.process.wait(LIMIT)
    assert demo.process.returncode == 130, demo.output
    assert "the stack was removed" in demo.output
    assert "Traceback" not in demo.output
    assert processes_of(folder) == []
    assert [path.name for path in folder.iterdir()] == ["output.txt"]
