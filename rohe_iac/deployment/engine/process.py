"""Long-running installers as child processes that never outlive their call."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def child(command: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Starts `command` in a process group of its own, stdin closed, output merged into `stdout`, as text.

    When the block ends, however it ends, the whole group is killed: an installer starts shells and compilers.
    Errors: OSError where the command cannot be started.
    """
    process = subprocess.Popen(
        list(command),
        cwd=cwd,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        yield process
    finally:
        kill_group(process)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def kill_group(process: subprocess.Popen[str]) -> None:
    """Kills the process and everything it started that stayed in its group; a group that is gone is no error."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
