"""What a terminal shows of work that takes long, and that nothing is shown elsewhere."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest
from rich.console import Console

from rohe_iac.cli import console
from rohe_iac.cli.console import Screen


@pytest.fixture
def progress(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Returns what two steps show, on a terminal or elsewhere, where work takes longer than PATIENCE."""

    def shown(*, terminal: bool) -> str:
        stream, begun = io.StringIO(), threading.Event()
        screen = Screen()
        screen.err = Console(file=stream, force_terminal=terminal, width=80)
        monkeypatch.setattr(console, "PATIENCE", 0.0)
        show = Console.show_cursor
        monkeypatch.setattr(Console, "show_cursor", lambda self, *rest: (begun.set(), show(self, *rest))[1])
        with screen.working("first step") as begin_step:
            if terminal:
                assert begun.wait(10)
            begin_step("second [step]")
        return stream.getvalue()

    return shown


def test_a_terminal_is_told_the_step_and_how_long_it_takes(progress: Any) -> None:
    text = progress(terminal=True)
    assert "second [step]" in text
    assert "0:00:0" in text


def test_nothing_is_told_where_nobody_looks(progress: Any) -> None:
    assert progress(terminal=False) == ""


def test_a_fault_ends_the_progress_and_goes_on(progress: Any) -> None:
    screen = Screen()
    screen.err = Console(file=io.StringIO(), force_terminal=True)
    with pytest.raises(ValueError, match="as ever"), screen.working("a step"):
        raise ValueError("as ever")
