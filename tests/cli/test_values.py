"""Values of a stack on the command line, and in saved plans."""

from __future__ import annotations

import importlib
import inspect
import json
import keyword
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.cli.main import COMMANDS, run


@pytest.fixture
def digits(repository: Path) -> Path:
    """The repository, with the load of its pipeline as a value of its stack."""
    for path in (repository / "blueprints").glob("*.yaml"):
        text = path.read_text().replace("  load: 40/s ", '  load: "{{ values.load }}/s" ', 1)
        path.write_text(text.replace("  pipelines: [digits]\n", "  pipelines: [digits]\n  values: {load: 40}\n", 1))
    (repository / "two.yaml").write_text("load: 20\n")
    return repository


def test_a_saved_plan_keeps_its_values(rohe: Any, digits: Path) -> None:
    done = rohe("plan", "digits", "-f", "two.yaml", "--out", "two.plan")
    assert (done.returncode, "20/s" in done.stdout + done.stderr) == (0, True), done.stdout + done.stderr
    (digits / "two.yaml").unlink()
    verified = rohe("verify", "two.plan")
    assert (verified.returncode, "every constraint holds" in verified.stdout) == (0, True), verified.stdout
    assert "40/s" in rohe("plan", "digits").stderr
    refused = rohe("apply", "two.plan", "--yes", "--set", "load=3")
    assert (refused.returncode, "values of a saved plan are in it" in refused.stderr) == (64, True)


def test_a_saved_plan_keeps_how_numbers_are_written(rohe: Any, digits: Path) -> None:
    for path in (digits / "blueprints").glob("*.yaml"):
        text = path.read_text().replace("values: {load: 40}", "values: {load: 40, version: 1.10, tags: {v: 1}}")
        path.write_text(text.replace("env: {", 'env: {V: "v{{ values.version }}-{{ values.tags.v }}", ', 1))
    (digits / "two.yaml").write_text("tags: {v: 3.40}\n")
    done = rohe("plan", "digits", "-f", "two.yaml", "--set", "version=1.20", "--out", "two.plan")
    assert (done.returncode, "1.20" in done.stdout) == (0, True), done.stdout + done.stderr
    assert "v1.20-3.40" in (digits / "two.plan").read_text()
    verified = rohe("verify", "two.plan")
    assert (verified.returncode, "every constraint holds" in verified.stdout) == (0, True), verified.stdout


def test_the_values_in_force_are_shown_with_their_origin(rohe: Any, digits: Path) -> None:
    (digits / "more.yaml").write_text("zone: hall\n")
    for path in (digits / "blueprints").glob("*.yaml"):
        path.write_text(path.read_text().replace("values: {load: 40}", "values: {load: 40, zone: yard, debug: true}"))
    planned = rohe("plan", "digits", "-f", "more.yaml", "--set", "load=20", "--out", "two.plan")
    shown = rohe("show", "two.plan")
    for screen in (planned.stdout, shown.stdout):
        words = screen.partition("Values in force")[2]
        rows = [line.split() for line in words.splitlines()[2:5]]
        assert rows == [
            ["debug", "true", "the", "stack"],
            ["load", "20", "--set"],
            ["zone", "hall", "-f", "more.yaml"],
        ], screen
    assert "| zone | hall | -f more.yaml |" in rohe("show", "two.plan", "-o", "markdown").stdout
    found = json.loads(rohe("show", "two.plan", "-o", "json").stdout)
    assert found["values"] == {"debug": True, "load": 20, "zone": "hall"}
    assert found["value_origins"] == {"load": "--set", "zone": "-f more.yaml"}


WORDS = {
    "validate": (),
    "plan": (),
    "render": ("--out", "-"),
    "apply": ("--yes",),
    "audit": (),
    "images": (),
    "why-not": ("camera", "pi-1"),
    "export": ("--out", "original"),
    "diff": ("--inventory",),
    "import cluster": ("--stack", "digits"),
    "explain": ("camera",),
    "status": (),
    "logs": ("camera", "--stack", "digits"),
    "destroy": ("--yes",),
    "rotate": ("--yes",),
    "observe": (),
    "violations": (),
}
"""Each command that reads a stack, with the arguments that it needs."""


def test_every_command_with_a_stack_takes_values() -> None:
    """`-f` of commands that follow something is `--follow`; of all others it is short for `--values`."""
    options: dict[str, set[str]] = {}
    for command, group in COMMANDS.items():
        name = command.replace(" ", "_").replace("-", "_")
        name += "_" if keyword.iskeyword(name) else ""
        function = getattr(importlib.import_module(f"rohe_iac.cli.commands.{group}.{name}"), name)
        parameters = inspect.signature(function, eval_str=True).parameters.values()
        texts = {part for item in parameters for part in _written(item.annotation)}
        if any("STACK" in text or text == "--stack" for text in texts):
            options[command] = texts
    assert options.keys() == WORDS.keys()
    for command, texts in options.items():
        assert {"--values", "--set", "-f"} <= texts, command


def _written(annotation: Any) -> set[str]:
    """Returns the options of a parameter, and what stands for its value in the help."""
    found: set[str] = set()
    for meta in getattr(annotation, "__metadata__", ()):
        # The library takes the first option for a default value where it is in an annotation.
        found |= {*(getattr(meta, "param_decls", None) or ()), str(meta.default), meta.metavar or ""}
    return found


@pytest.mark.parametrize("command", WORDS)
def test_commands_look_values_up_in_the_stack(
    digits: Path, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert run(["-C", str(digits), *command.split(), *WORDS[command], "--set", "loads=2"]) == 64
    assert "did you mean 'load'?" in capfd.readouterr().err


def test_a_value_that_has_to_be_given_is_given_to_any_command(rohe: Any, digits: Path) -> None:
    for path in (digits / "blueprints").glob("*.yaml"):
        path.write_text(path.read_text().replace("values: {load: 40}", "values: {load: null}"))
    assert rohe("export", "digits", "--out", "original").returncode == 3
    assert rohe("export", "digits", "--out", "original", "--values", "two.yaml").returncode == 0
    assert (digits / "original" / "add_service.yaml").exists()
    explained = rohe("explain", "camera", "-f", "two.yaml")
    assert (explained.returncode, "a plan made now" in explained.stdout) == (0, True), explained.stderr
    refused = rohe("explain", "R106", "--set", "load=3")
    assert (refused.returncode, "--set is for an address" in refused.stderr) == (64, True)
