"""Dead letters on a screen."""

from __future__ import annotations

from typing import Any

from rohe_iac.cli.options import Output
from rohe_iac.cli.views.observing.dead_letter import DeadLetterView

LETTER: dict[str, Any] = {
    "agent": "rohe-agent-p-0", "row": 1, "at": 0.0, "topic": "rohe/v1/s/report/a/a-0", "why": "not [JSON]", "bytes": 9,
}  # fmt: skip


def test_without_dead_letters_it_says_so(new_screen: Any) -> None:
    screen, printed = new_screen()
    DeadLetterView(screen).show([], Output.human)
    assert printed() == "No message has been a dead letter so far.\n"


def test_each_has_a_line_and_below_it_what_it_says_where_that_is_there(new_screen: Any) -> None:
    screen, printed = new_screen(40)
    DeadLetterView(screen).show([LETTER, {**LETTER, "payload": "\x1b[2J\nb"}], Output.human)
    first, second, payload = printed().splitlines()
    assert first == second
    assert first.endswith("rohe-agent-p-0  rohe/v1/s/report/a/a-0  9 bytes: not [JSON]")
    assert payload == "  \\x1b[2J\\nb", "what a client sends does not move the terminal"
