"""Claims about the wrapper of a program: it slows restarts of a crashing program and ends leftovers of its last run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rohe_iac.targets.local.supervisor import wrapper


def test_the_first_restarts_are_at_once_and_a_crashing_program_is_restarted_ever_more_slowly() -> None:
    pauses = [wrapper.pause_before(quick) for quick in range(12)]
    assert pauses[:4] == [0.0, 0.0, 0.0, 0.0]
    assert pauses[4:9] == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert max(pauses) == wrapper.LONGEST_PAUSE


def test_quick_ends_in_a_row_are_counted_and_other_settings_begin_anew(tmp_path: Path) -> None:
    folder = str(tmp_path)
    for starts in (1, 2, 3):
        wrapper.begin(folder, "one")
        run = wrapper.read_json(f"{folder}/run.json")
        assert (run["starts"], run["quick"], run["state"]) == (starts, starts - 1, "started")
        # What the record names must not be this test's own group when the next start ends its leftovers.
        wrapper.write_json(f"{folder}/run.json", {**run, "pid": 0})
    wrapper.begin(folder, "two")
    run = wrapper.read_json(f"{folder}/run.json")
    assert (run["starts"], run["quick"]) == (1, 0)


def test_a_long_run_ends_the_row_of_quick_ends(tmp_path: Path) -> None:
    path = f"{tmp_path}/run.json"
    began = time.monotonic() - wrapper.QUICK
    run = {"digest": "one", "boot": wrapper.boot_id(), "since": began, "quick": 7, "starts": 8}
    wrapper.write_json(path, run)
    wrapper.begin(str(tmp_path), "one")
    run = wrapper.read_json(path)
    assert (run["starts"], run["quick"]) == (9, 0)


@pytest.mark.parametrize("step", [-86400.0, 86400.0], ids=["back", "forward"])
def test_a_clock_that_is_set_makes_no_end_quick_and_none_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: float
) -> None:
    path = f"{tmp_path}/run.json"
    wrapper.begin(str(tmp_path), "one")
    run = wrapper.read_json(path)
    wall = time.time() + step
    monkeypatch.setattr(time, "time", lambda: wall)
    long_ago = run["since"] - wrapper.QUICK
    for last, quick in (({**run, "quick": 2}, 3), ({**run, "quick": 2, "since": long_ago}, 0)):
        wrapper.write_json(path, {**last, "pid": 0})
        wrapper.begin(str(tmp_path), "one")
        assert wrapper.read_json(path)["quick"] == quick


@pytest.mark.parametrize("last", [{"boot": "another", "since": 1e9}, {"began": 4e9}, {}], ids=["boot", "older", "none"])
def test_a_run_of_another_boot_or_of_an_earlier_build_did_not_end_quickly(
    tmp_path: Path, last: dict[str, object]
) -> None:
    wrapper.write_json(f"{tmp_path}/run.json", {"digest": "one", "quick": 7, **last})
    wrapper.begin(str(tmp_path), "one")
    assert wrapper.read_json(f"{tmp_path}/run.json")["quick"] == 0


def test_leftovers_of_a_run_are_ended_by_group_though_their_leader_is_gone() -> None:
    script = (
        "import subprocess, sys; p = subprocess.Popen(['sleep', '600']); print(p.pid, flush=True); sys.stdin.read()"
    )
    leader = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, text=True
    )
    assert leader.stdout is not None
    child = int(leader.stdout.readline())
    run = {"pid": leader.pid, "ticks": wrapper.start_ticks(leader.pid), "boot": wrapper.boot_id()}
    leader.kill()
    leader.wait()
    assert Path(f"/proc/{child}").exists()
    descriptor = os.pidfd_open(child)
    wrapper.end_leftovers(run)
    # The descriptor becomes readable when the process has ended.
    import select

    assert select.select([descriptor], [], [], 10.0)[0]


@pytest.mark.parametrize("change", [{"ticks": 1}, {"boot": "another boot"}])
def test_a_stranger_with_the_same_number_is_left_alone(change: dict[str, object]) -> None:
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        run = {"pid": stranger.pid, "ticks": wrapper.start_ticks(stranger.pid), "boot": wrapper.boot_id(), **change}
        wrapper.end_leftovers(run)
        assert stranger.poll() is None
    finally:
        stranger.send_signal(signal.SIGKILL)
        stranger.wait()


def test_a_damaged_record_reads_as_none(tmp_path: Path) -> None:
    for content in (b"", b"[1]", b"{", b"\xff"):
        (tmp_path / "run.json").write_bytes(content)
        assert wrapper.read_json(str(tmp_path / "run.json")) == {}
    wrapper.write_json(str(tmp_path / "run.json"), {"a": 1})
    assert json.loads((tmp_path / "run.json").read_text()) == {"a": 1}


def test_preparations_run_in_turn_and_the_first_that_fails_ends_the_start(tmp_path: Path) -> None:
    def step(name: str, script: str) -> dict[str, object]:
        return {"name": name, "argv": ["sh", "-c", script], "environment": {"OUT": str(tmp_path / "out")}}

    def run(*steps: dict[str, object]) -> subprocess.CompletedProcess[str]:
        (tmp_path / "out").write_text("")
        wrapper.write_json(f"{tmp_path}/run.json", {"state": "preparing", "began": 1.0})
        spec = {"preparations": steps, "inherited": {"PATH": os.environ["PATH"]}}
        script = f"import wrapper; wrapper.prepare({str(tmp_path)!r}, {spec!r}); print('ready')"
        folder = Path(wrapper.__file__).parent
        return subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False)

    done = run(step("one", "echo one >> $OUT; echo said"), step("two", "echo two >> $OUT"))
    assert done.stdout.splitlines() == ["rohe: one prepares", "said", "rohe: two prepares", "ready"]
    assert (tmp_path / "out").read_text() == "one\ntwo\n"
    assert wrapper.read_json(f"{tmp_path}/run.json")["state"] == "started"
    done = run(step("one", "exit 3"), step("two", "echo two >> $OUT"))
    assert (done.returncode, done.stderr) == (1, "rohe: one ended with exit code 3, so the program does not begin\n")
    assert (tmp_path / "out").read_text() == ""
    assert wrapper.read_json(f"{tmp_path}/run.json")["state"] == "preparing"
    done = run(step("one", "kill -9 $$"))
    assert "one ended with signal 9" in done.stderr
    done = run({"name": "one", "argv": ["no-such-program"], "environment": {}})
    assert "rohe: cannot start no-such-program: No such file or directory" in done.stderr
    assert "one ended with exit code 127" in done.stderr
