"""`kill -9` of `rohe apply` at ten moments: no orphan, no stuck lock, and the next apply makes nothing twice."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.engine

Seen = Callable[[Any], bool]


def _wrote(pattern: str) -> Seen:
    return lambda repository: any(repository.folder.path.glob(pattern))


def _journal(event: str, address: str) -> Seen:
    def seen(repository: Any) -> bool:
        try:
            text = repository.folder.journal.read_text()
        except FileNotFoundError:
            return False
        return any(f'"{event}"' in line and f'"{address}"' in line for line in text.splitlines())

    return seen


MOMENTS: dict[str, Seen] = {
    "the lock is taken": _wrote("lock"),
    "the record is written": _wrote("record.json"),
    "the engine holds its own lock": _wrote("engine/backend/.pulumi/locks/**/*.json"),
    "the supervisor begins": _wrote("run/supervisord.conf"),
    "the supervisor is made and the state does not know": _wrote("run/supervisord.pid"),
    "a credential is made and the state does not know": _wrote("credentials/*.json"),
    "the broker's settings are there": _wrote("run/broker/server.conf"),
    "the broker runs and the state does not know": _wrote("run/programs/broker/run.json"),
    "a replica runs and is not ready": _wrote("run/programs/web-0/run.json"),
    "a replica is made": _journal("ended", "replica/pages:web/0"),
}


SHORT = (
    "the lock is taken",
    "the engine holds its own lock",
    "the supervisor is made and the state does not know",
    "the broker runs and the state does not know",
    "a replica runs and is not ready",
)
"""The moments that every run of the tests tries; `make soak` tries all."""


@pytest.mark.parametrize(
    "moment", [pytest.param(name, marks=() if name in SHORT else pytest.mark.soak) for name in MOMENTS]
)
def test_a_killed_apply_leaves_no_engine_and_the_next_one_converges(repository: Any, moment: str) -> None:
    seen = MOMENTS[moment]
    process = repository.start("apply", "--yes")
    deadline = time.monotonic() + 120
    while not seen(repository) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    process.communicate()
    assert process.returncode == -9, "the moment never came"
    while repository.engines() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert repository.engines() == []

    resumed = repository.run("apply", "--yes")
    assert resumed.code == 0, resumed.err
    _everything_once(repository)


def _everything_once(repository: Any) -> None:
    record = json.loads(repository.folder.record.read_bytes())
    assert record["complete"] is True
    assert len(repository.supervisors()) == 1
    programs = Counter(Path(folder).name for folder in repository.processes().values())
    assert programs == {"broker": 1, "rohe-agent-pages-0": 1, "web-0": 1}
    state = repository.folder.engine / "backend" / ".pulumi" / "stacks" / "bench" / "desk.json"
    latest = json.loads(state.read_bytes())["checkpoint"]["latest"]
    names = Counter(
        resource["urn"].rsplit("::", 1)[-1] for resource in latest["resources"] if ":rohe:" in resource["urn"]
    )
    assert set(names.values()) == {1}
    assert "process-web-0" in names
    assert not latest.get("pending_operations")
    assert not list((repository.folder.engine / "backend" / ".pulumi" / "locks").rglob("*.json"))


def test_a_killed_apply_can_be_destroyed_without_applying_again(repository: Any) -> None:
    process = repository.start("apply", "--yes")
    while not _wrote("run/programs/web-0/run.json")(repository) and process.poll() is None:
        time.sleep(0.005)
    process.kill()
    process.communicate()
    gone = repository.run("destroy", "--yes")
    assert gone.code == 0, gone.err
    assert (repository.processes(), repository.supervisors(), repository.engines()) == ({}, [], [])
    assert [path.name for path in repository.folder.path.iterdir()] in ([], ["history"])
