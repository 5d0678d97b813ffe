"""The command `rohe`: the table of commands, and the start of the program.

Only modules that the interpreter has loaded already are imported at the top, so that Ctrl-C during all other imports
is reported like any other.
"""

from __future__ import annotations

import os
import signal
import sys

COMMANDS = {
    "validate": "authoring",
    "fmt": "authoring",
    "schema": "authoring",
    "import": "authoring",
    "import cluster": "authoring",
    "diff": "authoring",
    "export": "authoring",
    "plan": "plans",
    "show": "plans",
    "verify": "plans",
    "render": "plans",
    "explain": "plans",
    "why-not": "plans",
    "audit": "plans",
    "profile": "plans",
    "images": "running",
    "apply": "running",
    "status": "running",
    "logs": "running",
    "rotate": "running",
    "destroy": "running",
    "observe": "observing",
    "violations": "observing",
    "doctor": "running",
    "engine install": "running",
    "agent run": "running",
    "agent ask": "running",
    "broker run": "running",
    "stand-in run": "running",
}
"""The group of each command, in the order of `rohe --help`; the command is written as a user types it.

The command `a b` of a group is the function `a_b` of rohe_iac/cli/commands/GROUP/a_b.py; a keyword of Python has an
underscore at its end there.
"""


INTERRUPTED = 130
"""The exit code of an interrupted command, as in ExitCode, which is not loaded yet."""


def run(arguments: list[str]) -> int:
    """Runs one command line and returns its exit code; no exception leaves it but a second KeyboardInterrupt."""
    from rohe_iac.cli.boundary import run as run_in_boundary

    return run_in_boundary(arguments, COMMANDS)


def main() -> None:
    """Runs the command line of this process; the entry point of the executable `rohe`."""
    # A shell lets its background jobs ignore the signal, and that stays so.
    interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if interruptible:
        signal.signal(signal.SIGINT, _end_at_once)
    from rohe_iac.cli import boundary
    from rohe_iac.cli.encoding import replace_unprintable, use_utf8_for_files
    from rohe_iac.cli.streams import open_standard_streams

    use_utf8_for_files()
    open_standard_streams()
    replace_unprintable()
    try:
        if interruptible:
            signal.signal(signal.SIGINT, boundary.keyboard.interrupt)
        code = boundary.run(sys.argv[1:], COMMANDS)
    except KeyboardInterrupt:
        # A second Ctrl-C, in the moment before or after the report of the first.
        code = INTERRUPTED
    sys.exit(code)


def _end_at_once(*_: object) -> None:
    # An exception in the middle of an import may be swallowed there, and nothing has begun that would need an end.
    try:
        os.write(2, b"interrupted: nothing was changed\n")
    finally:
        os._exit(INTERRUPTED)
