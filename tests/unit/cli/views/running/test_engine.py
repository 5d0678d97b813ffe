"""The engine and its installation on a screen."""

from __future__ import annotations

from typing import Any

from rohe_iac.cli.views.running.engine import EVERY, EngineView


class SteppingClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


def test_without_a_terminal_a_step_is_printed_when_it_begins_and_every_ten_seconds(new_screen: Any) -> None:
    screen, printed = new_screen()
    clock: Any = SteppingClock()
    with EngineView(screen, clock).progress() as progress:
        progress("download: 1 MiB")
        progress("download: 2 MiB")
        clock.seconds += EVERY
        progress("download: 9 MiB")
        progress("unpack")
    assert printed().splitlines() == ["download: 1 MiB", "download: 9 MiB", "unpack"]
