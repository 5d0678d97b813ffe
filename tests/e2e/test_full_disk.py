"""A stack on a small file system that fills up: everything goes on, says so, recovers, and can be destroyed."""

from __future__ import annotations

import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import until

pytestmark = [pytest.mark.engine, pytest.mark.platform]


@pytest.fixture
def small(repository: Any) -> Iterator[Path]:
    """Yields the state folder of the repository, on a file system of 40 MB."""
    if os.geteuid() != 0:
        pytest.skip("a small file system can be mounted by root only")
    folder = repository.home / "state"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
    repository.forget()
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Writes a file until the file system is full."""
    ballast = folder / "ballast"
    with ballast.open("ab", buffering=0) as stream:
        for size in (2**20, 2**12):
            try:
                while True:
                    stream.write(bytes(size))
            except OSError:
                continue
    return ballast


def serves(repository: Any) -> bool:
    """Returns whether the replica answers on its port."""
    try:
        ports = [port for live in repository.target.live() for name, port in live.ports.items() if name == "http"]
        with urllib.request.urlopen(f"http://127.0.0.1:{ports[0]}/", timeout=5) as answer:
            return bool(answer.read() == b"web-0")
    except (OSError, IndexError):
        return False


def test_a_stack_outlives_a_full_disk_and_is_destroyed_on_one(repository: Any, small: Path) -> None:
    applied = repository.run("apply", "--yes")
    assert applied.code == 0, applied.err
    supervisor = repository.supervisors()
    before = set(repository.processes())
    ballast = fill(small)

    assert serves(repository)
    status = repository.run("status", "--check")
    assert status.code == 7
    assert "is full: 0Mi of 40Mi free" in " ".join(status.out.split())
    examined = repository.run("doctor", "-o", "json")
    (folder,) = (check for check in examined.value["checks"] if check["name"] == "state folder")
    assert (examined.code, folder["status"], "is full" in folder["found"]) == (1, "full", True)
    for line in ("apply --yes", "apply --yes --refresh", "observe", "violations", "explain latest"):
        refused = repository.run(*line.split())
        assert refused.code == 10, f"{line}: {refused}"
        assert "is full" in refused.err.partition("next:")[0], f"{line}: {refused}"
    assert (repository.supervisors(), before - set(repository.processes())) == (supervisor, set())

    # What is killed comes back although nothing can be written, the supervisor too.
    for pid in supervisor:
        os.kill(pid, signal.SIGKILL)
    assert until(lambda: repository.supervisors() not in ([], supervisor))
    assert until(lambda: serves(repository))

    ballast.unlink()
    assert until(lambda: repository.run("status", "--check").code == 0)

    fill(small)
    destroyed = repository.run("destroy", "--yes")
    assert destroyed.code == 0, destroyed.err
    assert (repository.supervisors(), repository.processes()) == ([], {})
    assert sorted(path.name for path in repository.folder.path.iterdir()) == ["history"]


def test_a_state_folder_that_is_read_only_is_named(repository: Any, small: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
    refused = repository.run("apply", "--yes")
    assert refused.code == 10
    assert "Read-only file system" in refused.err
    assert str(small) in refused.err.replace("\n", "").replace(" ", "")
