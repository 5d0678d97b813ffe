"""Another process, of this user or another, can neither have a program run by apply nor speak with what apply opens."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from rohe_iac.deployment.run.outcome import Ending
from rohe_iac.foundation.errors import RoheError

pytestmark = pytest.mark.engine

NOBODY = 65534
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process of another user")
WAITING = """
import os, pathlib, time
while not pathlib.Path(os.environ['GO']).exists():
    time.sleep(0.02)
"""


def _intrude(uid: int, *words: object) -> dict[tuple[str, str], list[str]]:
    """Returns what each call of the intruder led to, by service and call, one outcome a port that knows the service."""
    program = str(Path(__file__).with_name("intruder.py"))
    command = [sys.executable, program, str(uid), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    outcomes: dict[tuple[str, str], list[str]] = {}
    for service, call, outcome in json.loads(done.stdout.splitlines()[-1]):
        outcomes.setdefault((service, call), []).append(outcome)
    return outcomes


def _ports() -> str:
    """Returns the ports of this process, which runs apply, and of the engine and the provider below it."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    found = {
        connection.laddr.port
        for process in processes
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    return ",".join(map(str, sorted(found)))


@contextmanager
def _apply_under_way(bench: Any, tmp_path: Path, progress: Any) -> Iterator[list[Any]]:
    """Yields while apply waits for a replica; afterwards the list has the outcome of apply, or its error."""
    port, go = bench.port(), tmp_path / "go"
    go.unlink(missing_ok=True)
    environment = {"ROHE_INSTANCE": "web-0", "ROHE_PORT_HTTP": str(port), "GO": str(go)}
    server = yaml.safe_load(bench.process("web-0", port).text)["spec"]["command"][2]
    command = ["python", "-c", WAITING + server]
    web = bench.process("web-0", port, command, environment=environment, startup=60)
    outcomes: list[Any] = []

    def apply() -> None:
        try:
            outcomes.append(bench.up(web, progress=progress))
        except RoheError as error:
            outcomes.append(error)

    thread = threading.Thread(target=apply)
    thread.start()
    try:
        assert bench.until(lambda: bench.processes())
        yield outcomes
    finally:
        go.touch()
        thread.join()


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """Returns a file that any user could make."""
    folder = tmp_path / "everybody"
    folder.mkdir()
    folder.chmod(0o1777)
    return folder / "owned"


@pytest.mark.parametrize(
    "uid",
    [
        pytest.param(os.geteuid(), id="this user"),
        pytest.param(NOBODY, id="another user", marks=[pytest.mark.platform, AS_ROOT]),
    ],
)
def test_provider_and_apply_answer_the_engine_alone_and_tell_who_else_called(
    bench: Any, tmp_path: Path, marker: Path, quiet: Any, uid: int
) -> None:
    with _apply_under_way(bench, tmp_path, quiet) as outcomes:
        calls = _intrude(uid, marker, _ports(), marker.parent)
    provider = {("ResourceProvider", call) for call in ("GetPluginInfo", "Configure", "Create", "Delete")}
    services = {*provider, ("LanguageRuntime", "Run"), ("Events", "StreamEvents")}
    assert calls.keys() == services
    assert {outcome.partition(":")[0] for found in calls.values() for outcome in found} == {"PERMISSION_DENIED"}
    assert not marker.exists()
    assert [outcome.ending for outcome in outcomes] == [Ending.COMPLETE]
    assert [live.instance for live in bench.target.live()] == ["web-0"]
    notes = [note for note in quiet.notes if "refused the call" in note]
    assert any(f"of a process of user {pwd.getpwuid(uid).pw_name}" in note for note in notes), quiet.notes
    assert "refused the call" in bench.folder.journal.read_text()


@pytest.mark.platform
@AS_ROOT
def test_what_another_user_asks_of_the_engine_is_not_made(bench: Any, tmp_path: Path, marker: Path, quiet: Any) -> None:
    # The engine's own ports have no guard. What the engine passes on is made only where apply has permitted it.
    with _apply_under_way(bench, tmp_path, quiet) as outcomes:
        calls = _intrude(NOBODY, marker, _ports(), marker.parent, "engine")
    assert ("ResourceMonitor", "RegisterResource") in calls
    assert not marker.exists()
    assert [live.instance for live in bench.target.live()] == ["web-0"]
    assert "no folder that only this user can write" in outcomes[0].detail, outcomes[0].detail
    with _apply_under_way(bench, tmp_path, quiet) as outcomes:
        pass
    assert [outcome.ending for outcome in outcomes] == [Ending.COMPLETE]


@pytest.mark.platform
@AS_ROOT
@pytest.mark.parametrize("kind", ["rohe:x:Y", "aws:s3:Bucket", "rohe:x:Y!", "pulumi:providers:rohe"])
def test_a_resource_that_is_not_of_the_plan_is_named_and_not_made(
    bench: Any, tmp_path: Path, marker: Path, quiet: Any, kind: str
) -> None:
    with _apply_under_way(bench, tmp_path, quiet) as outcomes:
        _intrude(NOBODY, marker, _ports(), marker.parent, kind)
    assert [live.instance for live in bench.target.live()] == ["web-0"]
    said = "a resource that is not of this plan was registered with the engine, maybe by another user of this machine"
    assert [note for note in quiet.notes if note.startswith(said)], quiet.notes
    assert said in bench.folder.journal.read_text()
    assert ("create", "intruder") not in quiet.begun
    # A component has nothing that could fail, and is nothing but a name.
    if not kind.endswith("!"):
        assert (outcomes[0].brief, outcomes[0].exit_code) == (said, 10)
        assert "'folder'" not in outcomes[0].detail
