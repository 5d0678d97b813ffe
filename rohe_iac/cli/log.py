"""The log of a command: what it does and how long that takes, on stderr with `-v`, or where ROHE_LOG says.

ROHE_LOG is LEVEL, FILE or LEVEL:FILE, such as `debug`, `/tmp/rohe.log` or `info:rohe.log`. A file is appended to and
readable by its owner only; it also gets the trace of a fault of rohe, which stderr never shows.
"""

from __future__ import annotations

import logging
import os
import sys
import time

from rohe_iac.foundation.errors import UsageError

VARIABLE = "ROHE_LOG"
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
ROOT = "rohe"
"""The parent of every logger of the package."""


class _Line(logging.Formatter):
    """One line for each record: time, level, part and message."""

    def __init__(self, *, traces: bool) -> None:
        super().__init__()
        self._traces = traces

    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        text = f"{clock}.{int(record.msecs):03d} {record.levelname.lower()} {record.name}: {record.getMessage()}"
        if self._traces and record.exc_info:
            text += f"\n{self.formatException(record.exc_info)}"
        return text


def start_log(verbosity: int, setting: str | None = None) -> None:
    """Begins the log of this process.

    Args:
        verbosity: how often `-v` is given: 1 for what is done, 2 for details; 0 leaves it to ROHE_LOG.
        setting: the value of ROHE_LOG; by default that of the environment.

    Raises:
        UsageError: ROHE_LOG has no known level, or its file cannot be written.
    """
    level, file = _read_setting(os.environ.get(VARIABLE, "") if setting is None else setting)
    root = logging.getLogger(ROOT)
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    root.propagate = False
    spoken = {0: None, 1: logging.INFO}.get(verbosity, logging.DEBUG)
    if file:
        # A log file without a level has all: it is what a report of a fault needs.
        _add(root, _open(file), level or logging.DEBUG, traces=True)
    elif level is not None and (spoken is None or level < spoken):
        spoken = level
    if spoken is not None:
        _add(root, logging.StreamHandler(sys.stderr), spoken, traces=False)
    if not root.handlers:
        root.addHandler(logging.NullHandler())
    root.setLevel(min((handler.level for handler in root.handlers if handler.level), default=logging.CRITICAL))


def leave_log() -> None:
    """Leaves the log to a program that runs in the foreground and writes one of its own, at its own level."""
    root = logging.getLogger(ROOT)
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    root.propagate = True
    root.setLevel(logging.NOTSET)


def _add(root: logging.Logger, handler: logging.Handler, level: int, *, traces: bool) -> None:
    handler.setLevel(level)
    handler.setFormatter(_Line(traces=traces))
    root.addHandler(handler)


def _open(file: str) -> logging.Handler:
    """Returns the handler of a log file, which its owner alone can read."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(
            f"{VARIABLE} names the log file {file}, which cannot be written: {error.strerror}",
            hint=f"name another file, or unset {VARIABLE}",
        ) from error
    # What cannot be written is dropped: a full disk must not end the command that is logged.
    logging.raiseExceptions = False
    return logging.StreamHandler(os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace"))


def _read_setting(text: str) -> tuple[int | None, str]:
    """Returns the level, None where none is named, and the file, "" where none is named."""
    head, colon, tail = text.partition(":")
    if head.lower() in LEVELS and (tail or not colon):
        return LEVELS[head.lower()], tail
    if text and (os.sep in text or "." in text):
        return None, text
    if text:
        raise UsageError(
            f"{VARIABLE} is '{text}', which is neither a level nor a file",
            hint=f"levels: {', '.join(LEVELS)}; a file is a path, such as ./rohe.log, also as LEVEL:FILE",
        )
    return None, ""
