"""The one boundary where the errors of a command line end: each becomes a message and an exit code."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping

from rohe_iac.cli.console import Interrupted, screen
from rohe_iac.cli.streams import ReaderGone, RefusedOutput, discard_output
from rohe_iac.foundation.diagnostics import InvalidBlueprint
from rohe_iac.foundation.errors import ExitCode, RoheError


class Keyboard:
    """Ctrl-C of this process.

    Attributes:
        pressed: Whether it was pressed.
    """

    def __init__(self) -> None:
        self.pressed = False

    def interrupt(self, *_: object) -> None:
        """Raises KeyboardInterrupt; the handler of SIGINT."""
        self.pressed = True
        raise KeyboardInterrupt


keyboard = Keyboard()
"""Ctrl-C of this process, where `main` has made it the handler of SIGINT."""


def run(arguments: list[str], commands: Mapping[str, str]) -> int:
    """Runs one command line and returns its exit code; the only function that catches every exception.

    Args:
        arguments: The command line without the program's name.
        commands: The group of each command.
    """
    try:
        code = _run(arguments, commands)
        sys.stdout.flush()
    except ReaderGone:
        discard_output()
        return ExitCode.READER_GONE
    except RefusedOutput as error:
        discard_output()
        screen.trouble(error)
        return error.exit_code
    return code


def _run(arguments: list[str], commands: Mapping[str, str]) -> int:
    """Runs one command line and returns its exit code.

    Raises:
        ReaderGone: The program that read stdout has ended.
        RefusedOutput: Stdout takes no data.
    """
    try:
        # Typer is imported here, so that Ctrl-C at any time finds this boundary.
        from rohe_iac.cli.application import call

        return call(arguments, commands)
    except (KeyboardInterrupt, Interrupted):
        return _report_interruption()
    except (ReaderGone, RefusedOutput):
        raise
    except RoheError as error:
        if isinstance(error, InvalidBlueprint):
            from rohe_iac.cli.views.authoring.diagnostics import show_diagnostics

            show_diagnostics(screen.err, error.diagnostics)
        screen.trouble(error)
        return error.exit_code
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else ExitCode.OK
    except OSError as error:
        from rohe_iac.foundation.folders import not_writable

        unwritable = not_writable(error)
        if unwritable is None:
            return _report_bug(error)
        screen.trouble(unwritable)
        return unwritable.exit_code
    except Exception as error:  # noqa: BLE001 - the command boundary: a bug of rohe becomes a message and a trace file
        return _report_bug(error)


def _report_interruption() -> int:
    """Reports what was done and what was not, and returns the exit code; a second Ctrl-C does not end the report."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        screen.err.print(f"interrupted: {screen.interruption()}", markup=False)
    finally:
        signal.signal(signal.SIGINT, before)
    return ExitCode.INTERRUPTED


def _report_bug(error: Exception) -> int:
    """Writes the trace of an unexpected exception to a file, reports both and returns the exit code."""
    if keyboard.pressed:
        # An import that KeyboardInterrupt breaks off may raise another exception in its place, such as SyntaxError.
        return _report_interruption()
    import logging
    import traceback

    from rohe_iac.foundation.folders import state_home, write_private

    trace = state_home() / "fault.log"
    try:
        trace.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(trace, "".join(traceback.format_exception(error)).encode(errors="backslashreplace"))
        detail = f"the trace is in {trace}"
    except (OSError, RuntimeError) as failure:
        detail = f"the trace could not be written: {failure}"
    logging.getLogger("rohe.cli").error("a fault of rohe itself", exc_info=error)
    first = (str(error).splitlines() or [""])[0]
    fault = RoheError(
        f"a fault of rohe itself: {type(error).__name__}: {first}",
        detail=detail,
        hint="please report it with the trace file",
    )
    screen.trouble(fault)
    return ExitCode.INTERNAL
