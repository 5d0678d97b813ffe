"""Claims about heartbeats: an agent hangs when its file does not change, whatever time the clock gives to that file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rohe_iac.targets.local.supervisor import wrapper
from rohe_iac.targets.local.supervisor.heartbeat import SILENCE, Heartbeat


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "heartbeat"


def touch(file: Path, at: float) -> None:
    """Touches a heartbeat as an agent does whose clock says `at`."""
    file.touch()
    os.utime(file, (at, at))


@pytest.mark.parametrize("step", [-86400.0, 0.0, 86400.0], ids=["back", "not", "forward"])
def test_an_agent_hangs_once_it_was_silent_for_so_long_however_the_clock_is_set(file: Path, step: float) -> None:
    heartbeat = Heartbeat(file)
    touch(file, 1e9)
    assert heartbeat.fault(1000.0) == ""
    touch(file, 1e9 + step + 1.0)
    assert heartbeat.fault(1060.0) == ""
    assert heartbeat.fault(1060.0 + SILENCE) == "", "it was heard so long ago, and not longer"
    assert heartbeat.fault(1061.0 + SILENCE) == "no heartbeat for 91 s"
    touch(file, 1e9 + step + 2.0)
    assert heartbeat.fault(1062.0 + SILENCE) == ""


def test_an_agent_that_has_not_written_since_its_start_is_still_recovering(file: Path) -> None:
    heartbeat = Heartbeat(file)
    assert (heartbeat.fault(0.0), heartbeat.fault(1000.0)) == ("", "")


def test_the_heartbeat_of_an_earlier_run_says_nothing_of_this_one(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path / "run")
    touch(file, 2e9)
    wrapper.forget_heartbeat({"kind": "heartbeat", "path": file.name})
    heartbeat = Heartbeat(file)
    assert (heartbeat.fault(0.0), heartbeat.fault(1000.0)) == ("", ""), "though its clock was ahead"
    touch(file, 1e9)
    assert heartbeat.fault(1001.0) == ""
    assert heartbeat.fault(1100.0) == "no heartbeat for 99 s"


def test_programs_without_a_heartbeat_have_none_to_forget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for liveness in (None, {"kind": "tcp", "path": None}, {"kind": "heartbeat", "path": "absent"}):
        wrapper.forget_heartbeat(liveness)
    assert list(tmp_path.iterdir()) == []
