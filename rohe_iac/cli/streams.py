"""The standard streams of the process: each is open, and what cannot be written ends in an exception of its own."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import IO, Any

from rohe_iac.foundation.errors import ExitCode, RoheError

PLAIN_ENCODING = "utf-8"
"""The encoding of a stream that the process was started without."""


class ReaderGone(Exception):
    """The program that read stdout has ended, such as `head` in `rohe plan | head -1`."""


class RefusedOutput(RoheError):
    """Stdout takes no data, because its disk is full or the stream is closed."""

    exit_code = ExitCode.UNREACHABLE


class OutputFile(io.FileIO):
    """The file of stdout, which raises ReaderGone and RefusedOutput in place of an OSError.

    Typer and Rich end the process by themselves at some errors of the operating system; they pass on these exceptions.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.discards = False

    def write(self, data: Any) -> int:
        """Writes bytes, or drops them where `discards` is set; returns their number."""
        if self.discards:
            return len(data)
        try:
            return super().write(data) or 0
        except BrokenPipeError as error:
            raise ReaderGone from error
        except OSError as error:
            raise RefusedOutput(
                f"cannot write the output: {error.strerror}",
                detail="stdout is closed" if error.errno == errno.EBADF else "",
                hint="free space, or redirect stdout to another file"
                if error.errno in (errno.ENOSPC, errno.EDQUOT)
                else "redirect stdout to a file that takes it",
            ) from error


class MessageFile(io.FileIO):
    """The file of stderr: a message that cannot be written is dropped, for there is no other place to report it."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)

    def write(self, data: Any) -> int:
        """Writes bytes where that is possible; returns their number."""
        try:
            return super().write(data) or 0
        except OSError:
            return len(data)


def open_standard_streams() -> None:
    """Opens the standard streams that the process was started without, and replaces stdout and stderr.

    A closed descriptor would be taken by the next file that is opened, which prints of any library would then damage.
    Each closed one becomes the null device, opened the wrong way round, so that use of the stream fails as it should;
    a closed stderr takes what is written and drops it.
    """
    for descriptor, mode in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free descriptor is this one, as those below it are open.
            os.open(os.devnull, mode)
            os.set_inheritable(descriptor, True)
    if sys.stdin is None:
        sys.stdin = open(0, encoding=PLAIN_ENCODING, closefd=False)  # noqa: SIM115 - as long as the process
    sys.stdout = _text_stream(OutputFile(1), sys.stdout, "strict")
    sys.stderr = _text_stream(MessageFile(2), sys.stderr, "backslashreplace")


def _text_stream(file: io.FileIO, before: IO[str] | None, errors: str) -> io.TextIOWrapper:
    """Returns a text stream over a file, with the encoding and buffering of the stream that it replaces."""
    known = before if isinstance(before, io.TextIOWrapper) else None
    return io.TextIOWrapper(
        io.BufferedWriter(file),
        encoding=known.encoding if known else PLAIN_ENCODING,
        errors=(known.errors if known else None) or errors,
        newline=None,
        line_buffering=file.isatty() or file.fileno() == 2,
        write_through=bool(known and known.write_through),
    )


def discard_output() -> None:
    """Drops what stdout still holds and what is written to it from now on, so that the process can end."""
    file = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(file, OutputFile):
        file.discards = True
