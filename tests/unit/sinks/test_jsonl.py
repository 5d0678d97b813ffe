"""The JSONL sink: a line for each outcome, a file for each contract."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from result_samples import result

from rohe_iac.sinks.jsonl import BLOCK_BYTES, JsonlSink
from rohe_iac.sinks.sink import SinkFailed


def test_jsonl_has_a_line_an_outcome_and_a_file_a_contract(tmp_path: Path) -> None:
    sink = JsonlSink(tmp_path / "results")
    sink.write([result(1), result(2), result(1, "other")])
    assert len((tmp_path / "results" / "c.jsonl").read_text().splitlines()) == 2
    assert '"value":0.5' in (tmp_path / "results" / "other.jsonl").read_text()


def test_a_line_that_a_killed_process_left_unfinished_is_cut_off(tmp_path: Path) -> None:
    sink, file = JsonlSink(tmp_path), tmp_path / "c.jsonl"
    sink.write([result(1)])
    whole = file.read_bytes()
    for torn in (whole[:-1], whole + whole[:20], whole + b"x" * 3 * BLOCK_BYTES):
        file.write_bytes(torn)
        sink.write([result(2)])
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        assert [line["end"] for line in lines][-1] == result(2).end
        assert len(lines) == (1 if torn == whole[:-1] else 2)


def test_jsonl_on_a_place_that_cannot_be_written_fails_as_a_sink(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkFailed):
        JsonlSink(tmp_path / "file").write([result(1)])
