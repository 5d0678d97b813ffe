"""The descendants of a process are found whatever sessions they began, and their memory is counted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rohe_iac.observation.judging import process_family
from rohe_iac.observation.judging.process_family import descendants, memory_of

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "print(flush=True); input()"], stdin=0, start_new_session=True)
child.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.platform
def test_descendants_are_found_in_sessions_of_their_own() -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", PARENT], **pipes) as parent:  # type: ignore[call-overload]
        parent.stdout.readline()
        found = descendants(os.getpid())
        [child] = descendants(parent.pid)
        # This process may have other children, of tests that ran before.
        assert found.index(parent.pid) < found.index(child)
        assert memory_of([child]) > 2**20
        parent.stdin.close()
    assert descendants(parent.pid) == []
    assert memory_of([child]) == 0


@pytest.mark.parametrize(
    ("files", "size"),
    [
        ({"smaps_rollup": "1-2 [rollup]\nPss: 90 kB\nPss_Anon: 5 kB\nPss_Shmem: 2 kB\nSwapPss: 1 kB\n"}, 8),
        ({"smaps_rollup": "Pss: 90 kB\n", "status": "Name:\tx\nRssAnon:\t 7 kB\nRssShmem:\t 4 kB\n"}, 11),
        ({}, 0),
    ],
)
def test_memory_is_anonymous_shared_and_swapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], size: int
) -> None:
    monkeypatch.setattr(process_family, "PROC", tmp_path)
    (tmp_path / "7").mkdir()
    for name, text in files.items():
        (tmp_path / "7" / name).write_text(text)
    assert memory_of([7]) == size * 1024
