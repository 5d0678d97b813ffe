"""The streams that commands print to."""

from __future__ import annotations

import json
from typing import Any

import pytest


def test_a_wrapped_line_is_indented_on_a_terminal_and_whole_elsewhere(new_screen: Any) -> None:
    terminal, on_terminal = new_screen(20, terminal=True)
    terminal.print_indented("closest pi-1: 100m missing", 4)
    assert [line.rstrip() for line in on_terminal().splitlines()] == ["    closest pi-1:", "    100m missing"]
    pipe, on_pipe = new_screen(20)
    pipe.print_indented("closest pi-1: 100m missing", 4)
    assert on_pipe() == "    closest pi-1: 100m missing\n"


def test_json_and_texts_are_printed_as_they_are(new_screen: Any, capsys: pytest.CaptureFixture[str]) -> None:
    screen, _ = new_screen(20)
    screen.print_json({"name": "[bold]a very long value that no console may wrap"})
    assert json.loads(capsys.readouterr().out)["name"].startswith("[bold]")
    screen.print_text("[bold]as it is")
    assert capsys.readouterr().out == "[bold]as it is\n"
