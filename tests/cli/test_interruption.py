"""Ctrl-C: what was done and what was not is reported, and the exit code is 130."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from rohe_iac.cli.console import Screen
from rohe_iac.cli.views.running.interruption import interruption
from rohe_iac.cli.views.running.progress import ProgressView
from rohe_iac.deployment.files.journal import RunJournal
from rohe_iac.foundation.clock import SystemClock
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.usecases.running.unfinished import unfinished

PROGRAM = """
import signal, sys
# A shell lets its background jobs ignore the signal, and they hand that on to what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
import {module}
def interrupt(*arguments, **options):
    signal.raise_signal(signal.SIGINT)
{module}.{name} = interrupt
from rohe_iac.cli.main import main
sys.argv = ["rohe", *sys.argv[1:]]
main()
"""
"""Runs a command line in which one function is the moment when the user presses Ctrl-C."""

CASES = [
    ("plan", "rohe_iac.usecases.plans.plan", "make_plan", "nothing was changed"),
    ("plan", "rohe_iac.cli.application", "call", "nothing was changed"),
    ("validate", "rohe_iac.usecases.authoring.validate", "validate_paths", "nothing was changed"),
    ("apply --yes", "rohe_iac.usecases.running.apply", "intent", "nothing was changed"),
    ("apply --yes", "rohe_iac.usecases.running.apply", "apply", "nothing was changed"),
    ("apply --yes", "rohe_iac.usecases.running.apply", "stack_lock", "nothing was changed"),
    ("render --out out", "rohe_iac.usecases.plans.render", "render_to", "manifests may be missing in out"),
    ("logs service/classify -f", "rohe_iac.usecases.running.logs", "logs", "the stack runs on"),
    ("observe -f", "rohe_iac.usecases.observing.observe", "follow", "the agents judge on"),
    ("status --watch", "rohe_iac.usecases.running.status", "status", "the stack runs on"),
    ("engine install", "rohe_iac.usecases.running.engine_install", "install", "the installation did not end"),
]


def interrupted(program: str, line: str, folder: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *line.split()],
        cwd=folder,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(("line", "module", "name", "said"), CASES, ids=[f"{case[0]}: {case[2]}" for case in CASES])
def test_ctrl_c_is_reported_with_what_was_done(
    repository: Path, tmp_path: Path, line: str, module: str, name: str, said: str
) -> None:
    done = interrupted(PROGRAM.format(module=module, name=name), line, repository, tmp_path)
    assert done.returncode == 130, done.stderr
    assert done.stderr.splitlines()[-1].startswith("interrupted: "), done.stderr
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_ctrl_c_between_the_record_and_the_engine_says_that_apply_is_not_complete(
    repository: Path, tmp_path: Path, engine_path: Path
) -> None:
    # Another stack of this machine may hold the ports of the example.
    ports = "import rohe_iac.targets.local.target as local; local.LocalDeploymentTarget.preflight = lambda *_: None"
    program = PROGRAM.format(module="rohe_iac.usecases.running.apply", name="EngineFolder")
    done = interrupted(f"{ports}\n{program}", "apply --yes", repository, tmp_path)
    said = "interrupted: no resource was changed; stack digits is not complete: `rohe apply digits` continues"
    assert (done.returncode, done.stderr.splitlines()[-1]) == (130, said)


def test_a_second_ctrl_c_does_not_end_the_report(repository: Path, tmp_path: Path) -> None:
    twice = (
        "import signal\nfrom rohe_iac.cli.console import screen\n"
        "screen.interruption = lambda: signal.raise_signal(signal.SIGINT) or 'twice'\n"
    )
    program = twice + PROGRAM.format(module="rohe_iac.usecases.plans.plan", name="make_plan")
    done = interrupted(program, "plan", repository, tmp_path)
    assert (done.returncode, done.stderr) == (130, "interrupted: twice\n")


def test_an_apply_that_began_is_not_complete(tmp_path: Path) -> None:
    folder = StackFolder(tmp_path / "desk").ensure()
    screen = Screen()
    screen.err = Console(file=io.StringIO())
    progress = ProgressView(screen)
    assert not unfinished(folder)
    assert interruption(progress, folder, "rohe apply") == "nothing was changed"
    RunJournal(folder, SystemClock()).begin("apply", "")
    assert unfinished(folder)
    assert interruption(progress, folder, "rohe apply").startswith(
        "no resource was changed; stack desk is not complete"
    )
    progress.on_end("create", "broker/broker", 0.1)
    text = interruption(progress, folder, "rohe apply")
    assert text == "1 resource created; stack desk is not complete: `rohe apply desk` continues"


IMPORTING = """
import os, signal, sys
# A shell lets its background jobs ignore the signal, and they hand that on to what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "{module}":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
sys.argv = ["{program}", "plan"]
from {package} import main
main()
"""
"""Starts a program in which the import of one module is the moment when the user presses Ctrl-C."""


@pytest.mark.parametrize(
    "module",
    [
        "rohe_iac.cli.boundary",
        "rohe_iac.cli.console",
        "rohe_iac.foundation.errors",
        "rohe_iac.cli.encoding",
        "rohe_iac.cli.application",
        "typer",
        "pydantic",
    ],
)
def test_ctrl_c_during_the_imports_is_reported(repository: Path, tmp_path: Path, module: str) -> None:
    program = IMPORTING.format(module=module, program="rohe", package="rohe_iac.cli.main")
    done = interrupted(program, "", repository, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted: nothing was changed\n")


def test_the_start_of_the_program_loads_nothing_of_rohe_before_ctrl_c_is_reported(tmp_path: Path) -> None:
    loaded = "import sys; import rohe_iac.cli.main; print([name for name in sys.modules if 'rohe_iac.' in name])"
    done = interrupted(loaded, "", tmp_path, tmp_path)
    assert done.stdout == "['rohe_iac.cli', 'rohe_iac.cli.main']\n"


def test_ctrl_c_during_the_imports_of_the_provider_ends_it_without_a_traceback(tmp_path: Path) -> None:
    for module in ("grpc", "rohe_iac.targets.provider.service"):
        program = IMPORTING.format(
            module=module, program="pulumi-resource-rohe", package="rohe_iac.targets.provider.main"
        )
        done = interrupted(program, "", tmp_path, tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), module


def test_an_import_that_turns_ctrl_c_into_another_error_is_no_fault_of_rohe(repository: Path, tmp_path: Path) -> None:
    swallowing = IMPORTING.replace(
        "            os.kill(os.getpid(), signal.SIGINT)",
        "            try: os.kill(os.getpid(), signal.SIGINT)\n"
        "            except KeyboardInterrupt: raise SyntaxError('no unicodedata') from None",
    )
    program = swallowing.format(module="rohe_iac.cli.application", program="rohe", package="rohe_iac.cli.main")
    done = interrupted(program, "", repository, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted: nothing was changed\n")
