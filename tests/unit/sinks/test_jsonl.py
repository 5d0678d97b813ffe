"""The JSONL sink: a line for each outcome, a file for each contract."""

from __future__ import annotations

from pathlib import Path

import pytest
from result_samples import result

from rohe_iac.sinks.jsonl import JsonlSink
from rohe_iac.sinks.sink import SinkFailed


def test_jsonl_has_a_line_an_outcome_and_a_file_a_contract(tmp_path: Path) -> None:
    sink = JsonlSink(tmp_path / "results")
    sink.write([result(1), result(2), result(1, "other")])
    assert len((tmp_path / "results" / "c.jsonl").read_text().splitlines()) == 2
    assert '"value":0.5' in (tmp_path / "results" / "other.jsonl").read_text()


def test_jsonl_on_a_place_that_cannot_be_written_fails_as_a_sink(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkFailed):
        JsonlSink(tmp_path / "file").write([result(1)])
