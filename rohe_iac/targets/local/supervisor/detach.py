"""Detaching: starts a command that outlives its starter, in a session of its own and without inherited files.

This file is run as a script with the standard library alone: `detach.py FOLDER LOG COMMAND...`.
"""

from __future__ import annotations

import os
import sys


def main(folder: str, log: str, command: list[str]) -> None:
    """Forks, so that init becomes the parent, and replaces the child by the command.

    Args:
        folder: The command's working directory.
        log: The file that the command's output is appended to.
        command: The program and its arguments.
    """
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
