"""The command `rohe`: global options, the table of commands and the boundary where errors end."""

from __future__ import annotations

import importlib
import keyword
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.encoding import replace_unprintable, use_utf8_for_files
from rohe_iac.foundation.diagnostics import InvalidBlueprint
from rohe_iac.foundation.errors import ExitCode, RoheError

COMMANDS = {
    "validate": "authoring",
    "fmt": "authoring",
    "schema": "authoring",
    "plan": "plans",
    "show": "plans",
    "verify": "plans",
    "render": "plans",
    "import": "authoring",
    "export": "authoring",
    "profile": "plans",
    "apply": "running",
    "destroy": "running",
    "status": "running",
    "logs": "running",
    "observe": "observing",
    "violations": "observing",
    "explain": "plans",
    "why-not": "plans",
    "audit": "plans",
    "doctor": "running",
    "engine install": "running",
    "agent run": "running",
    "stand-in run": "running",
}
"""The group of each command, in the order of `rohe --help`; the command is written as a user types it.

The command `a b` of a group is the function `a_b` of rohe_iac/cli/commands/GROUP/a_b.py; a keyword of Python has an
underscore at its end there.
"""

SUBCOMMANDS = {
    "engine": "The Pulumi engine that apply drives.",
    "agent": "The observation agent.",
    "stand-in": "What runs for a service that has a profile and no command.",
}
"""The help text of each first word that commands of two words share."""

app = typer.Typer(
    name="rohe",
    help="Plan, apply and observe machine-learning pipelines on edge machines, from blueprints in YAML.",
    no_args_is_help=True,
    # Boxes and colours cost the import of half of Rich, which only a terminal shows.
    rich_markup_mode="rich" if sys.stdout.isatty() else None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    """Prints the version and exits where `--version` is given."""
    if wanted:
        from rohe_iac import __version__

        typer.echo(f"rohe {__version__}")
        raise typer.Exit


@app.callback()
def _globals(
    folder: Annotated[Path, typer.Option("-C", "--directory", help="Work as if started in this folder.")] = Path(),
    no_color: Annotated[bool, typer.Option("--no-color", help="Print without colours (NO_COLOR does it too).")] = False,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Stores the options that stand before the command."""
    screen.folder = folder
    screen.color = not no_color


def _register() -> None:
    """Registers every command of the table in `app`."""
    parents: dict[str, typer.Typer] = {}
    for command, group in COMMANDS.items():
        name = command.replace(" ", "_").replace("-", "_")
        name += "_" if keyword.iskeyword(name) else ""
        function = getattr(importlib.import_module(f"rohe_iac.cli.commands.{group}.{name}"), name)
        first, _, second = command.partition(" ")
        if second and first not in parents:
            parents[first] = typer.Typer(no_args_is_help=True, help=SUBCOMMANDS[first])
            app.add_typer(parents[first], name=first)
        parents.get(first, app).command(second or first)(function)


CommandLineFault: type[Any] = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")
"""The base of what Typer raises for a command line that it cannot read; Typer has no public name for it."""


def run(arguments: list[str]) -> int:
    """Runs one command line and returns its exit code; the only function that catches every exception."""
    _register()
    try:
        result = app(args=arguments, prog_name="rohe", standalone_mode=False)
    except typer.Abort:
        screen.err.print("interrupted")
        return ExitCode.INTERRUPTED
    except CommandLineFault as error:
        error.show()
        return ExitCode.USAGE
    except RoheError as error:
        if isinstance(error, InvalidBlueprint):
            from rohe_iac.cli.views.authoring.diagnostics import show_diagnostics

            show_diagnostics(screen.err, error.diagnostics)
        screen.trouble(error)
        return error.exit_code
    except KeyboardInterrupt:
        screen.err.print("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of stdout has gone. Python's own flush at exit must not complain about it either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except OSError as error:
        from rohe_iac.foundation.folders import not_writable

        unwritable = not_writable(error)
        if unwritable is None:
            return _report_bug(error)
        screen.trouble(unwritable)
        return unwritable.exit_code
    except Exception as error:  # noqa: BLE001 - the command boundary: a bug of rohe becomes a message and a trace file
        return _report_bug(error)
    return result if isinstance(result, int) else ExitCode.OK


def _report_bug(error: Exception) -> int:
    """Writes the trace of an unexpected exception to a file, reports both and returns the exit code."""
    import traceback

    from rohe_iac.foundation.folders import state_home, write_private

    trace = state_home() / "fault.log"
    try:
        trace.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(trace, "".join(traceback.format_exception(error)).encode(errors="backslashreplace"))
        detail = f"the trace is in {trace}"
    except OSError as failure:
        detail = f"the trace could not be written: {failure}"
    fault = RoheError(
        f"a fault of rohe itself: {type(error).__name__}: {error}",
        detail=detail,
        hint="please report it with the trace file",
    )
    screen.trouble(fault)
    return ExitCode.INTERNAL


def main() -> None:
    """Runs the command line of this process; the entry point of the executable `rohe`."""
    use_utf8_for_files()
    replace_unprintable()
    sys.exit(run(sys.argv[1:]))
