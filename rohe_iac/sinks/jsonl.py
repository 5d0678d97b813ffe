"""The JSONL sink: outcomes as lines of JSON, one file a contract."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from rohe_iac.observation.judging.outcome import Outcome
from rohe_iac.sinks.sink import SinkFailed

VERSION = 1
"""Version of the lines, in their field `v`; lines of earlier builds have no such field, and are otherwise of 1."""


class JsonlSink:
    """A sink that appends outcomes to FOLDER/CONTRACT.jsonl."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        """Returns the name under which the store keeps the sink's progress."""
        return f"jsonl:{self._folder}"

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
                with (self._folder / f"{contract}.jsonl").open("ab") as file:
                    file.write(b"".join(contract_lines))
        except OSError as error:
            raise SinkFailed(f"cannot write to {self._folder}: {error.strerror}") from error
