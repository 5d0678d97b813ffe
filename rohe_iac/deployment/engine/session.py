"""Engine session: starts the engine in a session of its own that ends with the process that started it.

This file is run as a script with the standard library alone: `session.py PARENT COMMAND...`. Ctrl-C in a terminal then
reaches only rohe, which forwards it; and when rohe is killed, the kernel kills the engine.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""The option of prctl(2) that sets the signal which a process gets when its parent dies."""


def main(parent: int, command: list[str]) -> None:
    """Replaces this process by `command`, whose files are readable by their owner only.

    Args:
        parent: Id of the process that must still be the parent; otherwise this process exits with status 1.
        command: The program's path and its arguments.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)
    os.setsid()
    os.umask(0o077)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
