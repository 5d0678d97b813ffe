"""One base error for what goes wrong at run time, with an exit code, a detail and a next step."""

from __future__ import annotations

import errno
from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """Exit codes of every command, as documented in docs/commands.md."""

    OK = 0
    CHECK_FAILED = 1
    CHANGES = 2
    INVALID = 3
    UNPLACED = 4
    POLICY = 5
    STALE = 6
    DRIFT = 7
    LOCKED = 8
    PARTIAL = 9
    UNREACHABLE = 10
    USAGE = 64
    INTERNAL = 70
    INTERRUPTED = 130
    READER_GONE = 141


DISK_FAULTS = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG))
"""Errors of the operating system that say nothing against the name of a file."""


class RoheError(Exception):
    """A failure at run time; subclasses live beside their raiser and set `exit_code`.

    Attributes:
        brief: What happened and where, in one line.
        detail: Facts; may be several lines.
        hint: What to do next.
    """

    exit_code: ExitCode = ExitCode.INTERNAL

    def __init__(self, brief: str, *, detail: str = "", hint: str = "") -> None:
        super().__init__(brief)
        self.brief = brief
        self.detail = detail
        self.hint = hint

    def caused_by(self, error: OSError) -> Self:
        """Returns the same error; with exit code 10 where the disk is to blame and not the file that a user named."""
        if error.errno in DISK_FAULTS:
            self.exit_code = ExitCode.UNREACHABLE
            self.hint = "free space on the disk, or name a file on another"
        return self


class UsageError(RoheError):
    """A command was called in a way that it cannot serve."""

    exit_code = ExitCode.USAGE
