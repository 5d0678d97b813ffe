"""The command `rohe`: global options, the table of commands, and the one boundary where trouble ends."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from rohe_iac.cli.console import screen
from rohe_iac.foundation.diagnostics import InvalidBlueprint
from rohe_iac.foundation.errors import ExitCode, RoheError

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("validate",),
    ("fmt",),
    ("schema",),
    ("plan",),
    ("show",),
    ("verify",),
    ("render",),
    ("import_",),
    ("export",),
    ("profile",),
    ("apply",),
    ("destroy",),
    ("status",),
    ("logs",),
    ("observe",),
    ("violations",),
    ("explain",),
    ("why-not",),
    ("audit",),
    ("doctor",),
    ("engine", "install"),
    ("agent", "run"),
    ("stand-in", "run"),
)
"""Each command as a user types it; `a b` is the function `a_b` of rohe_iac/cli/commands/a_b.py.

A name that Python keeps for itself has an underscore at its end, which nobody types.
"""

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
    screen.folder = folder
    screen.color = not no_color


def _register() -> None:
    groups: dict[str, typer.Typer] = {}
    for words in COMMANDS:
        name = "_".join(words).replace("-", "_")
        function = getattr(importlib.import_module(f"rohe_iac.cli.commands.{name}"), name)
        owner = app
        if len(words) == 2:
            if words[0] not in groups:
                groups[words[0]] = typer.Typer(no_args_is_help=True, help=GROUPS[words[0]])
                app.add_typer(groups[words[0]], name=words[0])
            owner = groups[words[0]]
        owner.command(words[-1].rstrip("_"))(function)


CommandLineFault: type[Any] = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")
"""What Typer raises for a command line it cannot read; it has no public name for the base of these."""

GROUPS = {
    "engine": "The Pulumi engine that apply drives.",
    "agent": "The observation agent.",
    "stand-in": "What runs for a service that has a profile and no command.",
}


def run(arguments: list[str]) -> int:
    """Runs one command line and returns its exit code; the only place that catches everything."""
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
        # Who read our output has gone; nobody is left to tell. Python's own flush at exit must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001 - the command boundary: a fault of ours becomes a message and a trace file
        return _fault_of_ours(error)
    return result if isinstance(result, int) else ExitCode.OK


def _fault_of_ours(error: Exception) -> int:
    import traceback

    from rohe_iac.foundation.folders import state_home, write_private

    trace = state_home() / "fault.log"
    try:
        trace.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(trace, "".join(traceback.format_exception(error)).encode())
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
    """Entry point of the executable `rohe`."""
    sys.exit(run(sys.argv[1:]))
