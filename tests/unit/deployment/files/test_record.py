"""Claims about the last applied record."""

from __future__ import annotations

import json
import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from rohe_iac.deployment.files.journal import RunJournal
from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.deployment.files.record import (
    Record,
    UnreadableRecord,
    applied_before,
    last_complete_record,
    next_serial,
    read_record,
    write_record,
)
from rohe_iac.deployment.location import Location
from rohe_iac.foundation.canonical import canonical_json
from rohe_iac.foundation.clock import SystemClock
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.planning.model.plan import Bound, Plan
from rohe_iac.planning.model.problem import Problem

NOTHING = Plan("lab", "best-fit", ("placed",), (), (), (), Bound(0, 0, ()))
PLANFILE = PlanFile("0.1.0", "x", "lab", "local", (), None, Problem("lab", (), ()), NOTHING, (), ())


@pytest.fixture
def folder(tmp_path: Path) -> StackFolder:
    path = tmp_path / "lab"
    path.mkdir()
    return StackFolder(path)


def test_nothing_applied_is_no_record_and_the_first_serial_is_one(folder: StackFolder) -> None:
    assert read_record(folder) is None
    assert next_serial(folder) == 1


def test_a_record_reads_back_and_is_for_its_owner_only(folder: StackFolder) -> None:
    write_record(folder, Record(1, PLANFILE, complete=True))
    assert read_record(folder) == Record(1, PLANFILE, complete=True)
    applied = Record(1, PLANFILE, complete=True, location=Location("1111", "the cluster of the context edge"))
    write_record(folder, applied)
    assert read_record(folder) == applied
    assert stat.S_IMODE(folder.record.stat().st_mode) == 0o600


def test_a_record_is_canonical_json(folder: StackFolder) -> None:
    write_record(folder, Record(1, PLANFILE, complete=True))
    content = folder.record.read_bytes()
    assert content == canonical_json(json.loads(content)) + b"\n"


def test_only_a_complete_record_enters_the_history(folder: StackFolder) -> None:
    write_record(folder, Record(1, PLANFILE, complete=False))
    assert not folder.history.exists()
    write_record(folder, Record(1, PLANFILE, complete=True))
    assert [path.name for path in folder.history.iterdir()] == ["1.json"]


def test_serials_go_on_after_the_record_is_gone(folder: StackFolder) -> None:
    write_record(folder, Record(4, PLANFILE, complete=True))
    folder.record.unlink()
    assert next_serial(folder) == 5


def test_a_manifest_keeps_the_serial_of_the_record_in_which_its_text_changed_last(folder: StackFolder) -> None:
    def planned(**texts: str) -> PlanFile:
        made = tuple(Manifest(name, "Process", f"replica/p:{name}/0", text) for name, text in texts.items())
        return replace(PLANFILE, manifests=made)

    first = Record(4, planned(a="kind: A\n", b="kind: B\n"), complete=True)
    second = first.followed_by(7, planned(a="kind: A\n", b="kind: C\n", c="kind: D\n"))
    assert [(item.name, item.serial) for item in second.manifests] == [("a", 4), ("b", 7), ("c", 7)]
    write_record(folder, second)
    read = read_record(folder)
    assert read is not None
    assert [item.serial for item in read.followed_by(9, second.planfile).manifests] == [4, 7, 7]


def test_what_a_complete_record_has_may_be_there_until_the_next_one_is_complete(folder: StackFolder) -> None:
    def planned(name: str) -> PlanFile:
        return replace(PLANFILE, manifests=(Manifest(name, "Process", f"replica/p:{name}/0", "kind: A\n"),))

    def names(record: Record) -> list[str]:
        write_record(folder, record)
        read = read_record(folder)
        assert read is not None
        return [manifest.name for manifest in applied_before(folder, read)]

    first = Record(1, planned("a"), complete=True)
    assert names(first) == ["a"]
    second = first.followed_by(2, planned("b"))
    assert names(second) == ["b", "a"]
    third = second.followed_by(3, planned("c"))
    assert names(third) == ["c", "a"]
    assert names(replace(third, complete=True)) == ["c"]
    (folder.history / "1.json").unlink()
    assert names(third) == ["c"]


DAMAGED = (
    b'{"serial":2,"complete":false,"plan":{},"follows":"1"}',
    b'{"serial":1,"complete":true,"plan":{},"serials":{"a":"1"}}',
    b"",
    b"null",
    b"\xff",
    b"{}",
    b"[" * 100_000,
    b'{"serial":1,"complete":true,"plan":{}}',
    b'{"serial":Infinity,"complete":true,"plan":{}}',
    b'{"serial":1,"complete":true,"plan":null}',
    b'{"serial":1,"complete":true,"plan":{"schema":"\\ud800"}}',
)


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_record_is_refused_in_plain_words(folder: StackFolder, content: bytes) -> None:
    folder.record.write_bytes(content)
    with pytest.raises(UnreadableRecord) as caught:
        read_record(folder)
    assert not re.search(r"NoneType|Error|codec|float", caught.value.detail)
    assert "rohe destroy" in caught.value.hint


def test_the_newest_readable_record_of_the_history_is_found(folder: StackFolder) -> None:
    assert last_complete_record(folder) is None
    for serial in (9, 10, 11):
        write_record(folder, Record(serial, PLANFILE, complete=True))
    (folder.history / "11.json").write_bytes(b"null")
    assert last_complete_record(folder) == Record(10, PLANFILE, complete=True)


def test_damaged_lines_of_the_journal_are_passed_over(folder: StackFolder) -> None:
    journal = RunJournal(folder, SystemClock())
    journal.begin("apply", "")
    with folder.journal.open("ab") as stream:
        stream.write(b"null\n[]\n\xff\n" + b"[" * 100_000 + b"\n")
    assert journal.interrupted() == "apply"
