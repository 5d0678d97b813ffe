"""The keeper of a process ends as the process does, and its descendants with it."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

KEPT = """
import os, socket, sys
from rohe_iac.observation.judging.process_keeper import fork_kept

near, far = socket.socketpair()
fork_kept(far.fileno())
BODY
"""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("os._exit(0)", 0),
        ("os._exit(3)", 3),
        ("os.kill(os.getpid(), 15)", -signal.SIGTERM),
        ("os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("os.abort()", -signal.SIGABRT),
    ],
)
def test_a_keeper_ends_as_the_process_that_it_keeps(body: str, code: int) -> None:
    assert (
        subprocess.run([sys.executable, "-c", KEPT.replace("BODY", body)], check=False, timeout=60).returncode == code
    )
