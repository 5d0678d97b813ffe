"""The command line's boundary: exit codes, where things are printed, and never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROHE = str(Path(sys.executable).parent / "rohe")


def rohe(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the real executable, without a terminal."""
    environment = {**os.environ, **variables}
    return subprocess.run(
        [ROHE, *arguments],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-command",),
        ("plan", "--no-such-option"),
        ("plan", "-o", "xml"),
        ("show",),
        ("engine", "no-such-command"),
    ],
    ids=" ".join,
)
def test_a_command_line_that_makes_no_sense_exits_with_64(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = rohe(*arguments, cwd=tmp_path)
    assert done.returncode == 64
    assert done.stdout == ""
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_is_printed(tmp_path: Path) -> None:
    done = rohe("--version", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("rohe ")


def test_help_lists_every_command_and_each_has_an_example(tmp_path: Path) -> None:
    from rohe_iac.cli.main import COMMANDS

    listed = rohe("--help", cwd=tmp_path)
    assert listed.returncode == 0
    for command in COMMANDS:
        words = command.split()
        assert words[0] in listed.stdout
        shown = rohe(*words, "--help", cwd=tmp_path)
        assert shown.returncode == 0
        assert "Example" in shown.stdout, command


def test_every_command_has_a_file_in_the_folder_of_its_group_and_every_file_a_command(root: Path) -> None:
    from rohe_iac.cli.main import COMMANDS

    folder = root / "rohe_iac" / "cli" / "commands"
    found = {(path.parent.name, path.stem.rstrip("_")) for path in folder.glob("*/*.py") if path.stem != "__init__"}
    assert found == {(group, command.replace(" ", "_").replace("-", "_")) for command, group in COMMANDS.items()}


def test_a_folder_without_a_blueprint_is_told_and_no_traceback(tmp_path: Path) -> None:
    done = rohe("plan", cwd=tmp_path)
    assert done.returncode in (3, 64)
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_a_plan_file_that_is_none_exits_with_6_or_64_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "digits.plan").write_bytes(b"\xff\x00 not json")
    done = rohe("show", "digits.plan", cwd=tmp_path)
    assert done.returncode == 6
    assert "Traceback" not in done.stderr


def test_no_colour_codes_without_a_terminal(root: Path) -> None:
    done = rohe("-C", "examples/digits", "plan", cwd=root)
    assert done.returncode == 0
    assert "\x1b[" not in done.stdout + done.stderr


def test_an_engine_that_does_not_serve_exits_with_10(tmp_path: Path) -> None:
    done = rohe("engine", "install", cwd=tmp_path, ROHE_PULUMI="/no/such/engine")
    assert done.returncode == 10
    assert "ROHE_PULUMI" in done.stderr
    assert "next: " in done.stderr


def test_settings_that_are_no_toml_exit_with_64(tmp_path: Path) -> None:
    (tmp_path / "rohe").mkdir()
    (tmp_path / "rohe" / "settings.toml").write_text("[engine\n")
    done = rohe("engine", "install", cwd=tmp_path, ROHE_PULUMI="", XDG_CONFIG_HOME=str(tmp_path))
    assert done.returncode == 64
    assert "settings.toml" in done.stderr


def test_doctor_says_what_is_missing_and_how_to_mend_it(tmp_path: Path) -> None:
    done = rohe("doctor", "-o", "json", cwd=tmp_path, ROHE_PULUMI="/no/such/engine", ROHE_NATS_SERVER="/no/such/server")
    assert done.returncode == 1
    value = json.loads(done.stdout)
    missing = {check["name"]: check["remedy"] for check in value["checks"] if check["status"] == "missing"}
    assert value["ok"] is False
    assert set(missing) == {"engine", "broker"}
    assert all(missing.values())


def test_doctor_finds_everything_here(tmp_path: Path, engine_path: Path) -> None:
    done = rohe("doctor", cwd=tmp_path, ROHE_PULUMI=str(engine_path))
    assert done.returncode == 0, done.stdout
    assert "Nothing is missing." in done.stdout


@pytest.mark.parametrize("command", ["validate", "import compose.yaml --out imported.yaml", "plan"])
def test_a_working_folder_that_was_removed_is_told(command: str, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    line = f'cd gone && rmdir ../gone && exec "$0" {command}'
    done = subprocess.run(
        ["sh", "-c", line, ROHE], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 64
    assert done.stderr.startswith("error: the working folder was removed\n")
