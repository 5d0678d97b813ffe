"""Recorded reports, read from a file with one JSON object a line (JSONL)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.observation.reports.report import Report, Undecodable, decode_report


class UnreadableRecording(RoheError):
    """A file of recorded reports cannot be read."""

    exit_code = ExitCode.USAGE


def read_reports(path: Path) -> Iterator[Report]:
    """Yields the reports of a JSONL file in its order; empty lines are skipped.

    Raises:
        UnreadableRecording: The file cannot be read, or a line (which the message names) is no report.
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
