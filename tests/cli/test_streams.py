"""Standard streams that are closed, full, or read by a program that has ended: a message and an exit code, no trace."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from rohe_iac.cli.streams import OutputFile, RefusedOutput, open_standard_streams

ROHE = str(Path(sys.executable).parent / "rohe")
EXAMPLE = Path(__file__).parents[2] / "examples" / "digits"
COMMANDS = ["--version", "--help", "plan --help", "plan", "plan -o json", "plan -o markdown", "render", "schema Stack"]


def shell(command: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    line = f"set -o pipefail; cd {EXAMPLE}; {command.replace('rohe', ROHE, 1)}"
    return subprocess.run(
        ["bash", "-c", line], env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_output_that_nothing_takes_is_an_error(tmp_path: Path, command: str) -> None:
    done = shell(f"rohe {command} >&-", tmp_path)
    assert (done.returncode, done.stdout) == (10, "")
    assert done.stderr.startswith("error: cannot write the output: ")
    assert "Traceback" not in done.stderr
    assert done.stderr.count("error: ") == 1


@pytest.mark.parametrize("command", ["--help", "schema Stack"])
def test_a_file_that_is_full_is_an_error(tmp_path: Path, command: str) -> None:
    """A limit on the size of files stands for a disk without room; the command writes no other file."""

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    with (tmp_path / "full").open("w") as full:
        done = subprocess.run(
            [ROHE, *command.split()],
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=no_room,
            check=False,
            timeout=120,
        )
    assert done.returncode == 10
    assert done.stderr.startswith("error: cannot write the output: ")


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no /dev/full here")
@pytest.mark.platform
def test_a_device_that_is_full_is_an_error(tmp_path: Path) -> None:
    done = shell("rohe plan >/dev/full", tmp_path)
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        10,
        "error: cannot write the output: No space left on device",
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_who_stops_reading_early_ends_the_command_without_a_word(tmp_path: Path, command: str) -> None:
    done = shell(f"rohe {command} | true", tmp_path)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("closed", ["2>&-", "<&- 2>&-", "<&-"])
def test_a_command_does_its_work_without_stderr_and_stdin(tmp_path: Path, closed: str) -> None:
    done = shell(f"rohe plan --out {tmp_path}/digits.plan -o json {closed}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("{")
    assert shell(f"rohe verify {tmp_path}/digits.plan", tmp_path).returncode == 0
    assert shell(f"rohe show nothing.plan {closed}", tmp_path).returncode == 64


def test_no_file_takes_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    """With every stream closed, the files that a command opens get other descriptors, and the plan is not damaged."""
    done = shell(f"rohe plan --out {tmp_path}/digits.plan <&- >&- 2>&-", tmp_path)
    assert done.returncode == 10
    assert shell(f"rohe verify {tmp_path}/digits.plan", tmp_path).returncode == 0


def test_input_that_is_closed_is_an_error(tmp_path: Path) -> None:
    done = shell("rohe fmt - <&-", tmp_path)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


def test_a_disk_that_is_full_is_no_fault_of_the_command_line(tmp_path: Path) -> None:
    """A limit on the size of files stands for a disk without room."""

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    done = subprocess.run(
        [ROHE, "plan", "--out", str(tmp_path / "digits.plan")],
        cwd=EXAMPLE,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        preexec_fn=no_room,
        check=False,
        timeout=120,
    )
    assert done.returncode == 10
    assert "free space" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_output_discards_what_it_is_told_to(tmp_path: Path) -> None:
    descriptor = os.open(os.devnull, os.O_RDONLY)
    try:
        file = OutputFile(descriptor)
        with pytest.raises(RefusedOutput, match="Bad file descriptor"):
            file.write(b"text")
        file.discards = True
        assert file.write(b"text") == 4
    finally:
        os.close(descriptor)
    assert callable(open_standard_streams)
