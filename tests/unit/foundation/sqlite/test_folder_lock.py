"""The lock of a folder: one process at a time has it, the kernel gives it back, and some file systems have none."""

from __future__ import annotations

import errno
import fcntl
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from rohe_iac.foundation.sqlite.folder_lock import FolderLock

HOLDER = """
import logging, sys, time
from pathlib import Path
from rohe_iac.foundation.sqlite.folder_lock import FolderLock
lock = FolderLock(Path(sys.argv[1]), "outbox", logging.getLogger())
print(lock.take(), flush=True)
time.sleep(600)
"""


def test_the_lock_is_free_once_its_process_is_killed(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path / "outbox")], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"True\n"
    lock = FolderLock(tmp_path / "outbox", "outbox", logging.getLogger())
    assert not lock.take()
    assert lock.holder.startswith(f"process {holder.pid} of ")
    holder.kill()
    holder.wait()
    assert lock.take()
    lock.give_back()
    lock.give_back()


def test_a_file_system_without_locks_is_used_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert FolderLock(tmp_path, "outbox", logging.getLogger()).take()
    assert "run one process a replica" in caplog.text
