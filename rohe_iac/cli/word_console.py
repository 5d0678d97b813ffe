"""A console that breaks lines between words only."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from rohe_iac.cli.wrapping import wrapped


class WordConsole(Console):
    """Rich's console, except that a text never breaks inside a word, and its further lines keep its margin."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Prints texts, wrapped by `wrapped` unless `soft_wrap` leaves that to the terminal; all else as Rich does."""
        if options.get("soft_wrap", self.soft_wrap) or not all(isinstance(item, str | Text) for item in objects):
            super().print(*objects, **options)
            return
        options.pop("soft_wrap", None)
        markup = options.pop("markup", True)
        texts = [
            item if isinstance(item, Text) else Text.from_markup(item, emoji=False) if markup else Text(item)
            for item in objects
        ]
        for line in wrapped(Text(options.pop("sep", " ")).join(texts), self.width):
            super().print(line, soft_wrap=True, **options)
