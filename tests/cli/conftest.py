"""The command line as a user runs it: a process of its own, a copy of the digits example, a state folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of the digits example that a test may change."""
    folder = tmp_path / "repository"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def rohe(repository: Path, tmp_path: Path) -> Run:
    """Runs `rohe ARGUMENTS` in the repository; returns the finished process with its text. piped: its input."""

    def run(*arguments: str, piped: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "COLUMNS": "160", **variables}
        return subprocess.run(
            [str(Path(sys.executable).parent / "rohe"), *arguments],
            cwd=repository,
            env=environment,
            input=piped,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
