"""A console that breaks lines between words only."""

from __future__ import annotations

import io

from rich.table import Table
from rich.text import Text

from rohe_iac.cli.word_console import WordConsole


def printed(*objects: object, **options: object) -> str:
    stream = io.StringIO()
    WordConsole(file=stream, width=12, highlight=False).print(*objects, **options)
    return stream.getvalue()


def test_texts_wrap_between_words_and_everything_else_is_left_to_rich() -> None:
    assert printed("one", Text("two"), "a-word-longer-than-the-line") == "one two\na-word-longer-than-the-line\n"
    assert printed("[bold]x[/bold]", "y", sep="-") == "x-y\n"
    assert printed("[1] of a list", markup=False) == "[1] of a\nlist\n"
    assert printed("one two three four", soft_wrap=True) == "one two three four\n"
    assert printed(Table("a", box=None)).strip() == "a"
    assert printed() == "\n"
