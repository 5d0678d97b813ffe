"""Claims about `rohe fmt`."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/rohe.yaml"))
WILD = """apiVersion:   rohe.dev/v1
kind: Pipeline   # what it is
metadata: {name:   wild}
spec:
      services:
      - {name: a, command: [python]}
"""


@pytest.mark.parametrize("folder", [*EXAMPLES, ROOT], ids=lambda path: path.name)
def test_every_example_is_in_normal_form_and_valid(rohe: Run, folder: Path) -> None:
    done = rohe("-C", str(folder), "fmt", "--check")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("0 of ")
    assert not done.stderr.startswith("0 of 0 ")
    done = rohe("-C", str(folder), "validate")
    assert done.returncode == 0, done.stdout


def test_check_tells_and_changes_nothing_and_fmt_changes_once(rohe: Run, repository: Path) -> None:
    wild = repository / "blueprints" / "wild.yaml"
    wild.write_text(WILD)
    done = rohe("fmt", "--check")
    assert done.returncode == 1
    assert done.stdout == "blueprints/wild.yaml\n"
    assert "1 of 5 files would change" in done.stderr
    assert wild.read_text() == WILD
    assert rohe("fmt").returncode == 0
    assert "# what it is" in wild.read_text()
    assert rohe("fmt", "--check").returncode == 0
    assert "0 of 5 files changed" in rohe("fmt").stderr
