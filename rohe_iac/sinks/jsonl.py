"""JSONL: outcomes as lines of JSON, one file a contract."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from rohe_iac.observation.judging.outcome import Outcome
from rohe_iac.sinks.sink import SinkFailed


class JsonlSink:
    """Appends to FOLDER/CONTRACT.jsonl."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        """Under which progress is kept."""
        return f"jsonl:{self._folder}"

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Appends a line an outcome. Errors: SinkFailed."""
        lines: dict[str, list[bytes]] = {}
        for outcome in outcomes:
            lines.setdefault(outcome.contract, []).append(msgspec.json.encode(outcome) + b"\n")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for contract, written in lines.items():
                with (self._folder / f"{contract}.jsonl").open("ab") as file:
                    file.write(b"".join(written))
        except OSError as error:
            raise SinkFailed(f"cannot write to {self._folder}: {error.strerror}") from error
