"""Starts the engine in a session of its own that ends with who started it.

Run as a script with the standard library alone: `session.py PARENT COMMAND...`. Ctrl-C in a terminal then reaches rohe
only, which forwards it; and when rohe is killed the kernel kills the engine.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Becomes `command`, whose files are its owner's only; exits at once where the process `parent` is gone already."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)
    os.setsid()
    os.umask(0o077)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
