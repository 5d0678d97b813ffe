"""`rohe explain CODE`: the page of a diagnostic, without a blueprint and without a network."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from rohe_iac.blueprint.findings.codes import CODES
from rohe_iac.cli.console import Screen, screen
from rohe_iac.cli.main import run
from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.views.authoring.code_page import show_code_page
from rohe_iac.usecases.documentation import code_page, documentation


@pytest.mark.parametrize("code", ["R106", "r401"])
def test_the_page_of_a_code_is_printed(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["explain", code]) == 0
    assert capsys.readouterr().out == (root / "docs" / "diagnostics" / f"{code.upper()}.md").read_text()


def test_the_page_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "R106", "-o", "json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["code"], value["name"]) == ("R106", "unknown-field")
    assert value["text"].startswith("# R106: ")


def test_every_code_has_its_page() -> None:
    assert {code_page(code).code for code in CODES} == set(CODES)
    assert (documentation() / "commands.md").is_file()


def test_a_terminal_gets_the_page_laid_out() -> None:
    stream, terminal = io.StringIO(), Screen()
    terminal.out = Console(file=stream, width=80, force_terminal=True)
    show_code_page(terminal, code_page("R106"), PageOutput.human)
    text = stream.getvalue()
    assert "unknown field 'replica'" in text
    assert "```" not in text


@pytest.mark.parametrize(("line", "hint"), [("explain R999", "R"), ("explain R107x", "")])
def test_a_code_that_does_not_exist_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, hint: str
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(screen.err, "_file", stream)
    monkeypatch.chdir(tmp_path)
    assert run(line.split()) == 64
    assert hint in stream.getvalue()
