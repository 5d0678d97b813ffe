"""Planned nodes: what earlier plans said is remembered, within bounds, and never a reason to stop."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rohe_iac.agent.planned_nodes import FILE, MAX_NODES, remember_nodes
from rohe_iac.observation.configuration import Instance
from rohe_iac.observation.reports.report import Report
from rohe_iac.observation.reports.senders import MisattributedReport, Senders


def planned(node: str) -> list[Instance]:
    return [Instance(instance="cam-0", topic="cam", service="cam", node=node)]


def test_reports_of_a_replica_that_was_moved_count_and_those_of_any_other_node_do_not(tmp_path: Path) -> None:
    remember_nodes(tmp_path, planned("pi-1"))
    senders = Senders(planned("pi-2"), remember_nodes(tmp_path, planned("pi-2")))
    for node in ("pi-1", "pi-2"):
        report = Report(client="cam-0", at=1.0, service="cam", instance="cam-0", node=node)
        assert senders.attribute(report, "cam", "cam-0") == report
    with pytest.raises(MisattributedReport):
        senders.attribute(Report(client="cam-0", at=1.0, service="cam", instance="cam-0", node="pi-3"), "cam", "cam-0")


def test_only_so_many_nodes_are_remembered(tmp_path: Path) -> None:
    for number in range(3 * MAX_NODES):
        found = remember_nodes(tmp_path, planned(f"pi-{number}"))
    assert found["cam-0"] == [f"pi-{number}" for number in range(2 * MAX_NODES, 3 * MAX_NODES)]
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_the_file_is_private_from_the_first_moment_and_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []

    def fsync(descriptor: int) -> None:
        modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        assert not (tmp_path / FILE).exists()

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "chmod", lambda *_: pytest.fail("its mode was another one before"))
    remember_nodes(tmp_path, planned("pi-1"))
    assert modes == [0o600]
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_file_that_cannot_be_read_or_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("[")
    assert remember_nodes(tmp_path, planned("pi-1")) == {"cam-0": ["pi-1"]}
    assert remember_nodes(tmp_path / "missing", planned("pi-1")) == {"cam-0": ["pi-1"]}
