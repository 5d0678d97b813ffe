"""Child processes for long-running installers, which never outlive the call that started them."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def child(command: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Starts `command` in a process group of its own and kills the whole group when the block ends.

    An installer starts shells and compilers, which would go on after a kill of the installer alone.

    Args:
        command: The program and its arguments.
        cwd: The working directory.
        environment: The process's whole environment.

    Yields:
        The process; its standard input is empty, its standard error goes to its standard output, which is text.

    Raises:
        OSError: The command cannot be started.
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
    """Kills the process group of `process`; a group that has ended already is no error."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
