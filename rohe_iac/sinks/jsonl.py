"""The JSONL sink: outcomes as lines of JSON, one file a contract."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from rohe_iac.observation.judging.outcome import Outcome
from rohe_iac.sinks.sink import SinkFailed

VERSION = 1
"""Version of the lines, in their field `v`; lines of earlier builds have no such field, and are otherwise of 1."""


BLOCK_BYTES = 64 * 1024
"""Bytes that are read at once of the end of a file."""


class JsonlSink:
    """A sink that appends outcomes to FOLDER/CONTRACT.jsonl."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        """Returns the name under which the store keeps the sink's progress."""
        return f"jsonl:{self._folder}"

    @property
    def contracts(self) -> None:
        """Returns None: it writes the results of all contracts."""

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Appends one line for each outcome.

        Raises:
            SinkFailed: The folder or a file cannot be written.
        """
        lines: dict[str, list[bytes]] = {}
        for outcome in outcomes:
            line = msgspec.json.encode({"v": VERSION, **msgspec.to_builtins(outcome)})
            lines.setdefault(outcome.contract, []).append(line + b"\n")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for contract, contract_lines in lines.items():
                _append(self._folder / f"{contract}.jsonl", b"".join(contract_lines))
        except OSError as error:
            raise SinkFailed(f"cannot write to {self._folder}: {error.strerror}") from error


def _append(path: Path, lines: bytes) -> None:
    """Appends lines, or nothing where there is no room for all of them.

    A line without an end, of a process that was killed while it wrote, is cut off first; it is among those given again.

    Raises:
        OSError: The file cannot be written.
    """
    with path.open("ab+", buffering=0) as file:
        whole = _end_of_lines(file)
        file.truncate(whole)
        try:
            if file.write(lines) < len(lines):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            file.truncate(whole)
            raise


def _end_of_lines(file: io.FileIO) -> int:
    """Returns where the last whole line of a file ends."""
    end = file.seek(0, io.SEEK_END)
    while end > 0:
        begin = max(0, end - BLOCK_BYTES)
        file.seek(begin)
        if (found := file.read(end - begin).rfind(b"\n")) >= 0:
            return begin + found + 1
        end = begin
    return 0
