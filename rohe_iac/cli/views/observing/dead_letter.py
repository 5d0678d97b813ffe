"""How dead letters look: messages that an agent cannot use."""

from __future__ import annotations

from typing import Any

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import Output
from rohe_iac.cli.views.observing.verdict import shown_time
from rohe_iac.foundation.quantities import counted


class DeadLetterView:
    """Shows dead letters, which are JSON values of an agent."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, letters: list[dict[str, Any]], output: Output) -> None:
        """Prints a line for each dead letter, and below it what the message says where that was asked for."""
        if output is Output.json:
            self._screen.print_json(letters, "dead-letter")
            return
        if not letters:
            self._screen.out.print("No message has been a dead letter so far.", markup=False)
        for item in letters:
            size = counted(item["bytes"], "byte")
            line = f"{shown_time(item['at'])}  {item['agent']}  {item['topic']}  {size}: {item['why']}"
            self._screen.out.print(_on_one_line(line), markup=False, highlight=False, soft_wrap=True)
            if "payload" in item:
                text = _on_one_line(item["payload"])
                self._screen.out.print(f"  {text}", markup=False, highlight=False, soft_wrap=True)


def _on_one_line(text: str) -> str:
    """Returns a text of an unknown client without what moves a terminal: line ends and controls are written out."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
