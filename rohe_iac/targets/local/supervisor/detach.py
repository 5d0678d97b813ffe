"""Starts a command that outlives who started it: a session of its own, nothing inherited, no parent to wait for it.

Run as a script with the standard library alone: `detach.py FOLDER LOG COMMAND...`.
"""

from __future__ import annotations

import os
import sys


def main(folder: str, log: str, command: list[str]) -> None:
    """Forks once more, so that the command's parent is the system, and becomes it in `folder` with output to `log`."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir(folder)
    quiet = os.open(os.devnull, os.O_RDWR)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((quiet, 0), (out, 1), (out, 2)):
        os.dup2(source, target)
    os.closerange(3, 1024)
    os.umask(0o077)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
