"""apply, status, logs and destroy as a user types them, with a broker, an agent and the real engine."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.engine


def test_a_stack_s_whole_life(repository: Any) -> None:
    tries = 20
    applied = repository.run("apply", "--yes", "-o", "json")
    assert applied.code == 0, applied.err
    assert len(applied.value["created"]) == 7

    again = repository.run("apply")
    assert again.code == 0, again.err
    assert "No change" in again.out

    # The agent connects to the broker in its own time.
    status = repository.run("status", "--check", "-o", "json")
    while status.code == 7 and (tries := tries - 1):
        status = repository.run("status", "--check", "-o", "json")
    assert status.code == 0, status.out
    assert [(word["agent"], word["silence"]) for word in status.value["agents"]] == [("rohe-agent-pages-0", "")]
    parts = {part["instance"]: part for part in status.value["parts"]}
    assert {part["state"] for part in parts.values()} == {"running"}
    assert parts["web-0"]["node"] == "one"
    assert "web-0 | listening" in repository.run("logs", "service/web").out
    assert repository.run("logs", "service/nothing").code == 64

    os.kill(parts["rohe-agent-pages-0"]["pid"], 9)
    for path in repository.folder.credentials.iterdir():
        assert json.loads(path.read_bytes())["url"] == f"mqtt://127.0.0.1:{repository.first}"

    # One more replica changes who may speak, so the broker takes another user's grants; nothing else restarts.
    repository.write(replicas=2)
    grown = repository.run("apply", "--yes", "-o", "json")
    assert grown.code == 0, grown.err
    assert "replica/pages:web/1" in grown.value["created"]
    after = {part["instance"]: part for part in repository.run("status", "-o", "json").value["parts"]}
    assert after["web-0"]["pid"] == parts["web-0"]["pid"]

    # Each replica carries the record that made it.
    assert {name: after[name]["serial"] for name in ("web-0", "web-1")} == {"web-0": 1, "web-1": 2}
    assert not any(part["stale"] for part in after.values())
    environment = Path(f"/proc/{after['web-1']['pid']}/environ").read_bytes().split(b"\0")
    assert b"ROHE_SERIAL=2" in environment

    # A stack whose document is gone is still found by its name.
    blueprint = repository.root / "blueprints" / "all.yaml"
    blueprint.write_text(blueprint.read_text().replace("metadata: {name: desk}", "metadata: {name: other}"))
    assert repository.run("status", "desk").out.startswith("Stack desk, record 2")
    gone = repository.run("destroy", "desk", "--yes")
    assert gone.code == 0, gone.err
    unknown = repository.run("destroy", "desk", "--yes")
    assert (unknown.code, "stacks: other" in unknown.err) == (64, True)
    assert [path.name for path in repository.folder.path.iterdir()] == ["history"]
    assert repository.processes() == {}
    assert (repository.supervisors(), repository.engines()) == ([], [])
    assert repository.run("destroy", "--yes").code == 0


def test_a_stack_without_contracts_and_reports_runs_without_broker_and_agent(repository: Any) -> None:
    repository.write(reports="env: {LEVEL: info}")
    applied = repository.run("apply", "--yes", "-o", "json")
    assert applied.code == 0, applied.err
    assert sorted(applied.value["created"]) == ["replica/pages:web/0", "stack/desk"]
    status = repository.run("status", "--check", "-o", "json")
    assert status.code == 0, status.out
    assert [part["instance"] for part in status.value["parts"]] == ["web-0"]
    folder = repository.folder
    assert [[*path.glob("*")] for path in (folder.credentials, folder.stores, folder.outboxes)] == [[], [], []]
    assert repository.run("observe").out.startswith("Stack desk is not observed")
    assert "No change" in repository.run("apply").out

    # A report asks for an agent, and the broker comes with it; without the report both leave.
    repository.write()
    grown = repository.run("apply", "--yes", "-o", "json")
    assert grown.code == 0, grown.err
    assert {"agent/pages/0", "broker/broker"} <= set(grown.value["created"])
    repository.write(reports="env: {LEVEL: info}")
    shrunk = repository.run("apply", "--yes", "-o", "json")
    assert shrunk.code == 0, shrunk.err
    assert {"agent/pages/0", "broker/broker"} <= set(shrunk.value["deleted"])
    assert repository.run("status", "--check").code == 0


def test_a_plan_file_is_applied_as_it_is_or_refused(repository: Any) -> None:
    plan = repository.root / "desk.plan"
    assert repository.run("plan", "--out", "desk.plan").code == 0
    assert repository.run("plan", "--out", "desk.plan.gz").code == 0
    whole = plan.read_bytes()

    plan.write_bytes(whole.replace(b'"stack":"desk"', b'"stack":"desc"', 1))
    altered = repository.run("apply", "desk.plan", "--yes")
    assert (altered.code, "altered" in altered.err) == (6, True)
    assert not repository.folder.path.exists()

    plan.write_bytes(whole)
    assert repository.run("apply", "desk.plan").code == 64
    assert repository.run("apply", "desk.plan", "--yes").code == 0
    assert "No change" in repository.run("apply", "desk.plan.gz", "--yes").out

    repository.write(replicas=2)
    assert repository.run("plan", "--out", "more.plan").code == 0
    repository.write(replicas=3)
    assert repository.run("apply", "--yes").code == 0
    repository.write(replicas=2)
    stale = repository.run("apply", "more.plan", "--yes")
    assert (stale.code, "made against record 1; applied now is record 2" in stale.err) == (6, True)


def test_a_port_in_use_is_refused_with_its_holder_before_any_side_effect(repository: Any) -> None:
    with socket.create_server(("127.0.0.1", repository.first)):
        refused = repository.run("apply", "--yes")
    assert refused.code == 10
    assert f"{repository.first}, wanted by broker/broker" in refused.err
    assert f"pid {os.getpid()}" in refused.err
    assert not repository.folder.record.exists()
    assert not repository.folder.engine.exists()


def test_a_held_lock_is_told_with_its_holder_and_waited_for_on_request(repository: Any) -> None:
    repository.folder.path.mkdir(parents=True)
    with repository.folder.lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write('{"pid": 1, "user": "ana", "host": "desk", "since": 0, "purpose": "rohe apply desk"}')
        held.flush()
        refused = repository.run("apply", "--yes")
        assert refused.code == 8
        assert "locked by `rohe apply desk` of ana on desk (pid 1)" in refused.err
        assert not repository.folder.engine.exists()
        threading.Timer(1.0, fcntl.flock, (held, fcntl.LOCK_UN)).start()
        waited = repository.run("apply", "--yes", "--lock-timeout", "60s")
    assert waited.code == 0, waited.err


def test_what_fails_is_named_and_apply_goes_on_where_it_stopped_once_mended(repository: Any) -> None:
    repository.write(command="'false'")
    partly = repository.run("apply", "--yes", "-o", "json")
    assert partly.code == 9
    assert [failure["address"] for failure in partly.value["failed"]] == ["replica/pages:web/0"]
    assert "exits right after its start" in partly.value["failed"][0]["reason"]
    assert "agent/pages/0" in partly.value["created"]
    assert repository.run("status", "--check").code == 7

    # What is left to do, and why, is known to every command that is asked, also offline.
    why = f"the last apply did not create it: {partly.value['failed'][0]['reason'].splitlines()[0]}"
    planned = repository.run("plan", "--detailed-exitcode")
    assert planned.code == 2
    assert "1 to repair, 6 to keep" in planned.out
    assert f"replica/pages:web/0: {why}" in planned.out
    # The lines of a cell that is wrapped are joined.
    assert "stays where it was planned; the last apply did not make it" in " ".join(planned.out.split())
    assert f"replica/pages:web/0: {why}" in repository.run("plan", "-o", "markdown").out
    assert f"pages:web/0 missing: {why}" in repository.run("status").out
    assert f"pages:web/0: {why}" in repository.run("explain", "service/web").out
    assert f"pages:web/0: {why}" in repository.run("explain", "replica/web/0").out

    repository.write()
    mended = repository.run("apply", "--yes", "-o", "json")
    assert mended.code == 0, mended.err
    assert mended.value["created"] == ["replica/pages:web/0"]
    assert repository.run("plan", "--detailed-exitcode").code == 0
    assert "the last apply" not in repository.run("status").out


def test_a_failure_is_shown_while_others_are_still_waited_for(repository: Any) -> None:
    repository.write(command="'false'")
    (repository.root / "slow.py").write_text(
        "import pathlib, runpy, time\n"
        "while not pathlib.Path('go').exists(): time.sleep(0.05)\n"
        "runpy.run_module('server', run_name='__main__')\n"
    )
    blueprint = repository.root / "blueprints" / "all.yaml"
    slow = (
        "    - name: slow\n      command: [python, -m, slow]\n      ports: [{name: http}]\n"
        "      health: {readiness: {http: {path: /, port: http}}, startup: 120s}\n"
        "      requests: {cpu: 100m, memory: {rss: 32Mi}}\n---\napiVersion: rohe.dev/v1\nkind: Stack\n"
    )
    blueprint.write_text(blueprint.read_text().replace("---\napiVersion: rohe.dev/v1\nkind: Stack\n", slow))
    process = repository.start("apply", "--yes")
    shown = ""
    while "replica/pages:web/0 was not created" not in shown and (line := process.stderr.readline()):
        shown += line
    assert "created replica/pages:slow/0" not in shown
    (repository.root / "go").touch()
    _, rest = process.communicate(timeout=240)
    assert process.returncode == 9
    assert "created replica/pages:slow/0" in rest
    assert "web/0 was not created" not in rest


def test_a_program_that_is_not_here_is_found_by_plan_and_before_anything_is_made(repository: Any) -> None:
    repository.write(command="no-such-command")
    planned = repository.run("plan")
    assert planned.code == 0
    assert "warning R402: the program 'no-such-command' of service 'web' is not on PATH" in planned.err
    refused = repository.run("apply", "--yes")
    assert refused.code == 10
    assert "replica/pages:web/0: its command 'no-such-command' does not exist" in refused.err
    assert not repository.folder.record.exists()
    assert not repository.folder.engine.exists()


def test_what_is_protected_is_removed_only_when_named(repository: Any) -> None:
    repository.write(replicas=2, protect="service/web")
    assert repository.run("apply", "--yes").code == 0
    repository.write(replicas=1, protect="service/web")
    refused = repository.run("apply", "--yes")
    assert (refused.code, "replica/pages:web/1" in refused.err) == (5, True)
    assert repository.run("destroy", "--yes").code == 5
    assert repository.run("apply", "--yes", "--allow-destroy", "service/web").code == 0
    assert repository.run("destroy", "--yes", "--allow-destroy", "service/web").code == 0


def test_ctrl_c_ends_an_apply_in_order_and_the_next_one_goes_on(repository: Any) -> None:
    import signal

    repository.write(command="python, -c, 'import time; time.sleep(600)'")
    process = repository.start("apply", "--yes")
    for line in process.stderr:
        if "created broker/broker" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted" in out
    assert "stopping: what is under way ends first" in err
    assert "next: `rohe apply` continues where it stopped" in err
    assert repository.engines() == []
    repository.write()
    resumed = repository.run("apply", "--yes")
    assert resumed.code == 0, resumed.err
