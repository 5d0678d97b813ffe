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


def test_a_text_from_a_pipe_goes_to_a_pipe(rohe: Run, repository: Path) -> None:
    done = rohe("fmt", "-", piped=WILD)
    assert done.returncode == 0
    assert done.stdout.startswith("apiVersion: rohe.dev/v1\nkind: Pipeline   # what it is\nmetadata: {name: wild}\n")
    assert rohe("fmt", "-", piped=done.stdout).stdout == done.stdout
    assert rohe("fmt", "--check", "-", piped=WILD).returncode == 1
    assert rohe("fmt", "-", piped="kind: Pipeline\nspec: [").returncode == 3


def test_a_folder_that_is_named_is_taken_with_the_module_in_it(rohe: Run, repository: Path) -> None:
    module = repository / "parts" / "pipeline.yaml"
    module.parent.mkdir()
    module.write_text(WILD)
    assert rohe("fmt", "--check").returncode == 0
    done = rohe("fmt", "--check", "parts")
    assert (done.returncode, done.stdout) == (1, "parts/pipeline.yaml\n")


def test_what_is_left_alone_is_told_with_the_reason(rohe: Run, repository: Path) -> None:
    odd = repository / "odd.yaml"
    odd.write_text(WILD.replace("[python]", "[python, # why\n         x]"))
    (repository / "foreign.yaml").write_text("a:   1\n")
    done = rohe("fmt", "odd.yaml", "foreign.yaml")
    assert done.returncode == 0
    assert "odd.yaml:6: skipped: no layout keeps this comment" in done.stderr
    assert "foreign.yaml: skipped" in done.stderr
    assert done.returncode == 0
    assert rohe("fmt", "--check", "odd.yaml").returncode == 1, "it cannot be laid out"


def test_a_file_that_is_read_only_is_not_replaced(rohe: Run, repository: Path) -> None:
    wild = repository / "wild.yaml"
    wild.write_text(WILD)
    wild.chmod(0o400)
    done = rohe("fmt", "wild.yaml")
    assert done.returncode == 64
    assert "read-only" in done.stderr
    assert wild.read_text() == WILD
