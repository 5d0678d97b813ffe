"""Command lines that rohe does not have: 64, and a hint at the one that was meant."""

from __future__ import annotations

import io
import re

import pytest

from rohe_iac.cli import application, command_line
from rohe_iac.cli.console import screen
from rohe_iac.cli.main import COMMANDS, run
from rohe_iac.usecases.documentation import documentation

HINTS = {
    "deploy": "rohe apply",
    "up": "rohe apply",
    "down": "rohe destroy",
    "ps": "rohe status",
    "pln": "rohe plan",
    "help": "rohe --help",
    "init": "examples/digits",
    "rollback": "rohe apply",
    "engine instal": "rohe engine install",
    "agent start": "rohe agent run",
    "plan -out digits.plan": "--out",
    "render -out manifests": "--out",
    "apply -yes": "--yes",
    "logs service/a -follow": "--follow",
    "apply -auto-approve": "--yes",
    "apply --auto-approve": "--yes",
    "apply --dry-run": "rohe plan",
    "plan --json": "-o json",
    "plan --ouput json": "--output",
    "--output json plan": "rohe plan --output",
    "-o json plan": "rohe plan -o",
    "render --output manifests": "--out",
    "plan -C examples": "rohe -C",
    "plan --no-color": "rohe --no-color",
    "-version": "--version",
    "plan -help": "--help",
    "apply -f stack.yaml": "-C DIR",
    "plan --max-moves": "rohe plan --help",
    "plan a b c": "rohe plan --help",
    "plan -o xml": "rohe plan --help",
    "logs a -n many": "rohe logs --help",
    "xyzzy": "rohe --help",
}


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> io.StringIO:
    stream = io.StringIO()
    monkeypatch.setattr(screen.err, "_file", stream)
    return stream


@pytest.mark.parametrize(("line", "hint"), HINTS.items(), ids=HINTS)
def test_a_habit_of_another_tool_gets_the_hint_that_helps(said: io.StringIO, line: str, hint: str) -> None:
    assert run(line.split()) == 64
    error, _, following = said.getvalue().partition("next: ")
    assert error.startswith("error: ")
    assert hint in following, said.getvalue()


@pytest.mark.parametrize("line", ["plan -ojson -h", "logs a -fn5 --help", "apply -y -h", "-C. plan -h"])
def test_short_options_may_be_joined(said: io.StringIO, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line.split()) == 0
    assert capsys.readouterr().out.startswith("Usage: ")


def test_no_hint_names_a_command_that_is_not_there() -> None:
    """A hint that ages would send people from one error to the next."""
    named = set(command_line.OTHER_WORDS)
    for text in command_line.NOT_THERE_YET.values():
        named |= set(re.findall(r"`rohe ([\w-]+)", text))
    first = {command.split()[0] for command in COMMANDS}
    assert {name for name in named if not name.startswith("-") and name.split()[0] not in first} == set()
    assert set(command_line.NOT_THERE_YET) & first == set()
    others = {word for words in command_line.OTHER_WORDS.values() for word in words}
    assert others & first == set()
    assert others & set(command_line.NOT_THERE_YET) == set()


def test_help_has_every_command_in_a_panel_and_nothing_is_cut(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    assert "..." not in text.replace("[ARGS]...", "")
    assert f"\nDocumentation: {documentation()}\n" in text
    for title in application.PANELS.values():
        assert f"\n{title}:\n" in text
    for command in COMMANDS:
        assert re.search(rf"^  {command.split()[0]} ", text, re.MULTILINE)
