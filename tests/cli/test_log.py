"""`-v` and ROHE_LOG: what a command does, on stderr or in a file; the result on stdout is the same."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rohe_iac.cli.application import PROGRAMS
from rohe_iac.cli.log import start_log
from rohe_iac.cli.main import COMMANDS, run
from rohe_iac.foundation.errors import UsageError

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def _quiet_afterwards() -> Iterator[None]:
    yield
    start_log(0, "")
    logging.raiseExceptions = True


@pytest.mark.parametrize("arguments", [("-v", "audit"), ("plan", "-v"), ("status", "-vv")])
def test_verbose_commands_log_on_stderr(rohe: Run, arguments: tuple[str, ...]) -> None:
    spoken, plain = rohe(*arguments), rohe(*(text for text in arguments if not text.startswith("-v")))
    assert spoken.stdout == plain.stdout
    assert f"command {' '.join(arguments)}" in spoken.stderr
    assert "ended with exit code" in spoken.stderr
    assert "rohe.cli" not in plain.stderr


def test_every_command_takes_the_option(capsys: pytest.CaptureFixture[str]) -> None:
    for command in sorted(set(COMMANDS) - set(PROGRAMS)):
        assert run([*command.split(), "--help"]) == 0
        assert "-v, --verbose" in capsys.readouterr().out, command


def test_the_variable_names_a_file_that_only_its_owner_reads(rohe: Run, tmp_path: Path) -> None:
    log = tmp_path / "rohe.log"
    done = rohe("plan", ROHE_LOG=f"info:{log}")
    assert "rohe.cli" not in done.stderr
    assert "info rohe.step: placing " in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    before = log.read_text()
    rohe("plan", ROHE_LOG=str(log))
    assert log.read_text().startswith(before)


@pytest.mark.parametrize("setting", ["loud", "info:/no/such/folder/rohe.log", "/no/such/folder/rohe.log"])
def test_a_variable_that_means_nothing_is_a_usage_error(rohe: Run, setting: str) -> None:
    done = rohe("plan", ROHE_LOG=setting)
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr.startswith("error: ROHE_LOG ")


def test_a_fault_of_rohe_has_its_trace_in_the_log_file_and_not_on_stderr(tmp_path: Path) -> None:
    program = (
        "import rohe_iac.usecases.plans.plan as plan\n"
        "def fail(*rest, **more): raise ValueError('seven\\neight')\n"
        "plan.make_plan = fail\n"
        "from rohe_iac.cli.main import main\nmain()\n"
    )
    log = tmp_path / "rohe.log"
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "ROHE_LOG": str(log)}
    done = subprocess.run(
        [sys.executable, "-c", program, "plan", "-v"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 70
    assert "Traceback" not in done.stderr
    assert "error: a fault of rohe itself: ValueError: seven\n" in done.stderr
    assert "Traceback" in log.read_text()
    assert "Traceback" in (tmp_path / "rohe" / "fault.log").read_text()


def test_levels_and_files_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("rohe.test")
    start_log(0, "warning")
    logger.info("not this")
    logger.warning("this")
    start_log(0, f"DEBUG:{tmp_path}/a.log")
    logger.debug("into the file")
    start_log(0, "")
    logger.error("nowhere")
    printed = capsys.readouterr().err
    assert "warning rohe.test: this" in printed
    assert "not this" not in printed
    assert "nowhere" not in printed
    assert "debug rohe.test: into the file" in (tmp_path / "a.log").read_text()
    with pytest.raises(UsageError):
        start_log(0, "info:")
