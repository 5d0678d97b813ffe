"""The name of a lease's holder: whole when read again, and true of processes that share this one's ids alone."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from rohe_iac.targets.kubernetes.locking import holder
from rohe_iac.targets.kubernetes.locking.holder import LeaseHolder


def test_a_holder_is_read_as_it_was_written() -> None:
    me = LeaseHolder.of_this_process()
    assert LeaseHolder.read(me.identity) == me
    assert me.runs is True
    assert str(me).endswith(f"(pid {os.getpid()})")


@pytest.mark.parametrize("identity", ["other-tool", "", "a:b:c:d:e", "a@b:c:d:e:f", "a@b:\u00b2:1:2:3", "@:1:2:3:4"])
def test_of_a_holder_of_another_tool_nothing_is_known_but_its_name(identity: str) -> None:
    found = LeaseHolder.read(identity)
    assert found.runs is None
    assert str(found) == f"somebody on {identity}"


def test_an_id_that_was_given_to_another_process_is_of_one_that_has_ended() -> None:
    assert replace(LeaseHolder.of_this_process(), began="1").runs is False


@pytest.mark.parametrize("differs", ["MACHINE", "BOOT", "PROCESS_IDS"])
def test_ids_of_another_machine_boot_or_container_say_nothing(
    differs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = LeaseHolder.of_this_process()
    other = tmp_path / "other"
    if differs == "PROCESS_IDS":
        other.symlink_to("pid:[1]")
    else:
        other.write_text("another")
    monkeypatch.setattr(holder, differs, other)
    assert me.runs is None
    monkeypatch.setattr(holder, differs, tmp_path / "absent")
    assert me.runs is None
