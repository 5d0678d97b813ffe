"""Recorded reports are read line by line; the error about a line that is no report names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.transports.replay import UnreadableRecording, read_reports

LINE = '{"v":1,"client":"c-0","boot":"b","seq":%d,"at":1.0,"service":"c"}\n'


def test_reports_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    path.write_text(LINE % 2 + "\n" + LINE % 1)
    assert [report.seq for report in read_reports(path)] == [2, 1]


def test_a_line_that_is_no_report_is_named(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    path.write_text(LINE % 1 + "nonsense\n")
    with pytest.raises(UnreadableRecording) as caught:
        list(read_reports(path))
    assert f"{path}:2" in caught.value.brief


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecording):
        list(read_reports(tmp_path / "none"))
