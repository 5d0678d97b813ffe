"""Replay: reports from lines of JSON, as if they arrived."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.observation.reports.report import Report, Undecodable, decode_report


class UnreadableRecording(RoheError):
    """A file of recorded reports cannot be read."""

    exit_code = ExitCode.USAGE


def recorded(path: Path) -> Iterator[Report]:
    """The reports of a JSONL file in its order; empty lines are skipped.

    Errors: UnreadableRecording, with the line's number.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    try:
                        yield decode_report(line)
                    except Undecodable as error:
                        raise UnreadableRecording(f"{path}:{number}: {error.brief}", detail=error.detail) from error
    except OSError as error:
        raise UnreadableRecording(f"cannot read {path}: {error.strerror}") from error
