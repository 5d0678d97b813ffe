"""What apply and destroy show while they run."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest

from rohe_iac.cli.console import Screen
from rohe_iac.cli.views.running import progress as module
from rohe_iac.cli.views.running.progress import SILENCE, ProgressView
from rohe_iac.cli.word_console import WordConsole


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def test_a_resource_that_failed_is_shown_with_all_that_is_known(new_screen: Any) -> None:
    screen, printed = new_screen()
    progress = ProgressView(screen)
    progress.on_begin("create", "replica/a/0")
    progress.on_end("create", "replica/a/0", 1.25)
    progress.on_failure("create", "replica/b/0", "exited with code 1\nno module named b")
    progress.on_note("waiting")
    progress.on_wait("service/d:x", "claim x.n1 is not bound: [soon]")
    progress.install("downloading")
    assert printed().splitlines() == [
        "  + created replica/a/0 1.2 s",
        "  ! replica/b/0 was not created: exited with code 1",
        "      no module named b",
        "  waiting",
        "  service/d:x waits: claim x.n1 is not bound: [soon]",
        "  downloading",
    ]


def test_silence_is_broken_by_what_is_waited_for(new_screen: Any) -> None:
    screen, printed = new_screen()
    clock = HandClock()
    progress = ProgressView(screen, clock)
    clock.sleep(SILENCE - 1)
    progress.remind()
    assert printed() == ""
    clock.sleep(1)
    progress.remind()
    progress.remind()
    progress.on_begin("create", "replica/a/0")
    clock.sleep(2)
    progress.on_begin("delete", "replica/b/0")
    clock.sleep(SILENCE)
    progress.remind()
    progress.on_end("create", "replica/a/0", 7.0)
    progress.on_end("delete", "replica/b/0", 5.0)
    clock.sleep(SILENCE)
    progress.remind()
    assert printed().splitlines() == [
        "  waiting 5 s for the engine to start",
        "  waiting 7 s for creating replica/a/0, deleting replica/b/0",
        "  + created replica/a/0 7.0 s",
        "  - deleted replica/b/0 5.0 s",
        "  waiting 5 s for the engine",
    ]


def test_what_has_only_just_begun_is_not_reported_as_waited_for(new_screen: Any) -> None:
    screen, printed = new_screen()
    clock = HandClock()
    progress = ProgressView(screen, clock)
    clock.sleep(SILENCE)
    progress.on_begin("create", "stack/t2")
    progress.remind()
    assert printed() == ""
    clock.sleep(1)
    progress.remind()
    assert printed() == "  waiting 1 s for creating stack/t2\n"


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (90, "waiting for creating replica/a/0, creating replica/b/0, creating replica/c/0"),
        (75, "waiting for creating replica/a/0, creating replica/b/0 and 1 more"),
        (30, "waiting for 3 resources"),
    ],
)
def test_what_is_waited_for_fits_the_line(width: int, line: str, new_screen: Any) -> None:
    progress = ProgressView(new_screen(width)[0], HandClock())
    for name in "abc":
        progress.on_begin("create", f"replica/{name}/0")
    assert progress.waited_for() == line


class Terminal(io.StringIO):
    """A stream that claims to be a terminal, and notes when a word is written to it."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word, self.seen = word, threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        written = super().write(text)
        if self.word in self.getvalue():
            self.seen.set()
        return written


def test_a_terminal_shows_what_is_waited_for_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REDRAW", 0.01)
    stream, screen = Terminal("creating replica/a/0"), Screen()
    screen.err = WordConsole(file=stream, force_terminal=True, width=80)
    progress = ProgressView(screen)
    with progress.waiting():
        progress.on_begin("create", "replica/a/0")
        assert stream.seen.wait(30)


def test_elsewhere_a_line_is_printed_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REDRAW", 0.01)
    monkeypatch.setattr(module, "SILENCE", 0.02)
    monkeypatch.setattr(module, "NOTICED", 0.0)
    stream, screen = Terminal("waiting 0 s for creating replica/a/0\n"), Screen()
    monkeypatch.setattr(stream, "isatty", lambda: False)
    screen.err = WordConsole(file=stream, width=80)
    progress = ProgressView(screen)
    with progress.waiting():
        progress.on_begin("create", "replica/a/0")
        assert stream.seen.wait(30)
    assert "\x1b" not in stream.getvalue()
