"""Encodings of the terminal and of file names, where the user's locale is not UTF-8.

A stand-in keeps the width of what it replaces, so that tables, bars and boxes stay aligned.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from typing import TextIO

HANDLER = "rohe.stand_in"
"""Name of the error handler, as `codecs.lookup_error` and `reconfigure(errors=...)` take it."""

_STAND_INS = str.maketrans(
    {
        **dict.fromkeys("█▇▆▅▓▉▊▋■●◼", "#"),
        **dict.fromkeys("░▒▄▃▂▁▌▍▎▏", "."),
        **dict.fromkeys("─━═╌╍┄┅┈┉╴╶╸╺╼╾–—‐‑−", "-"),
        **dict.fromkeys("│┃║╎╏┆┇┊┋╵╷╹╻╽╿", "|"),
        **dict.fromkeys("‘’", "'"),
        **dict.fromkeys("“”", '"'),
        **dict.fromkeys("→▶❯›", ">"),
        **dict.fromkeys("←◀❮‹", "<"),
        **dict.fromkeys("•·✓✔", "*"),
        **dict.fromkeys("✗✘×", "x"),
        "…": "~",
        "\u00a0": " ",
    }
)


def _stand_in(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(map(_replaced, characters)), error.end


def _replaced(character: str) -> str:
    """Returns ASCII text for one character: its stand-in, or the escape that JSON and Python read."""
    number = ord(character)
    if 0x2500 <= number <= 0x257F or 0x2800 <= number <= 0x28FF or number in _STAND_INS:
        replaced = character.translate(_STAND_INS)
        # Corners and crossings of boxes; Braille patterns are the frames of a spinner.
        return replaced if replaced.isascii() else "+" if number <= 0x257F else "*"
    if number > 0xFFFF:
        number -= 0x10000
        return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"
    return f"\\u{number:04x}"


codecs.register_error(HANDLER, _stand_in)


def replace_unprintable(*streams: TextIO) -> None:
    """Lets the streams, by default stdout and stderr, replace characters that their encoding does not have.

    A letter that the encoding lacks, or a byte of a file name that is no text, becomes an escape such as `\\u00f6`.
    """
    for stream in streams or (sys.stdout, sys.stderr):
        # A stream that was closed before the start is None; one that a test put in place has no encoding.
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors=HANDLER)  # type: ignore[union-attr]


def use_utf8_for_files() -> None:
    """Starts this command line again in Python's UTF-8 mode where the locale has another encoding for file names.

    The engine, the broker and plan files take paths as UTF-8 text, which other encodings of file names do not give
    (PEP 383). Standard streams keep the encoding of the locale, and programs that rohe starts inherit the mode.
    """
    if sys.getfilesystemencoding().lower() == "utf-8" or not sys.executable:
        return
    if sys.stdout is not None:
        os.environ.setdefault("PYTHONIOENCODING", sys.stdout.encoding)
    os.environ["PYTHONUTF8"] = "1"
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
