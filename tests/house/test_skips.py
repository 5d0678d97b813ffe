"""A skipped test is listed with its reason, and fails under CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPING = """
import pytest

def test_that_runs():
    pass

def test_that_lacks_something():
    pytest.skip("there is no such thing here")

@pytest.mark.platform
def test_of_another_machine():
    pytest.skip("this is not root")
"""


def ran(root: Path, folder: Path, ci: str) -> subprocess.CompletedProcess[str]:
    """Runs SKIPPING under the project's own conftest and settings."""
    for name in ("conftest.py", "drawing.py", "shared_cluster.py", "waiting.py"):
        (folder / name).write_bytes((root / "tests" / name).read_bytes())
    (folder / "test_skipping.py").write_text(SKIPPING)
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(root / "pyproject.toml"), "--rootdir", str(folder)]
    outer = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", str(folder)],
        env={**outer, "CI": ci},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(("ci", "closing"), [("", "1 passed, 2 skipped"), ("true", "1 failed, 1 passed, 1 skipped")])
def test_a_skip_is_listed_and_fails_under_ci(root: Path, tmp_path: Path, ci: str, closing: str) -> None:
    done = ran(root, tmp_path, ci)
    assert closing in done.stdout
    assert "there is no such thing here" in done.stdout
    assert "test_of_another_machine: this is not root" in done.stdout
    assert done.returncode == (1 if ci else 0)
