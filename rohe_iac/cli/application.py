"""The Typer application: every command of the table in its panel of the help, and the global options."""

from __future__ import annotations

import importlib
import keyword
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from rohe_iac.cli.command_line import CommandLine, CommandLineFault, CommandLineGroup, usage_error
from rohe_iac.cli.console import UNCUT, Interrupted, screen
from rohe_iac.foundation.errors import ExitCode

PANELS = {
    "authoring": "Write blueprints",
    "plans": "Plan, and ask about plans (nothing is changed)",
    "running": "Run a stack on this machine",
    "observing": "Observe a running stack",
}
"""The title of each group of commands in the help."""

SUBCOMMANDS = {
    "engine": "The Pulumi engine that apply drives.",
    "agent": "The observation agent.",
    "stand-in": "What runs for a service that has a profile and no command.",
}
"""The help text of each first word that commands of two words share."""


def call(arguments: list[str], commands: Mapping[str, str]) -> int:
    """Runs one command line and returns its exit code.

    Args:
        arguments: the command line without the name of the program.
        commands: the group of each command.

    Raises:
        UsageError: the command line cannot be read.
        Interrupted: the user ended the command with Ctrl-C.
        Exception: as the command raises it.
    """
    try:
        result = _application(commands)(args=arguments, prog_name="rohe", standalone_mode=False)
    except typer.Abort as error:
        raise Interrupted from error
    except CommandLineFault as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()
            return ExitCode.USAGE
        raise usage_error(error, arguments) from error
    return result if isinstance(result, int) else ExitCode.OK


def _application(commands: Mapping[str, str]) -> typer.Typer:
    """Returns the application with every command of the table."""
    terminal = sys.stdout.isatty()
    whole = {} if terminal or "COLUMNS" in os.environ else {"terminal_width": UNCUT, "max_content_width": UNCUT}
    settings = {"help_option_names": ["-h", "--help"], **whole}
    # Boxes and colours cost the import of half of Rich, which only a terminal shows.
    markup: Any = "rich" if terminal else None
    app = typer.Typer(
        name="rohe",
        cls=CommandLineGroup,
        help="Plan, apply and observe machine-learning pipelines on edge machines, from blueprints in YAML.",
        epilog="",
        no_args_is_help=True,
        rich_markup_mode=markup,
        pretty_exceptions_enable=False,
        context_settings=settings,
    )
    app.callback()(_globals)
    parents: dict[str, typer.Typer] = {}
    for command, group in commands.items():
        name = command.replace(" ", "_").replace("-", "_")
        name += "_" if keyword.iskeyword(name) else ""
        function = getattr(importlib.import_module(f"rohe_iac.cli.commands.{group}.{name}"), name)
        first, _, second = command.partition(" ")
        if second and first not in parents:
            parents[first] = typer.Typer(
                cls=CommandLineGroup, no_args_is_help=True, help=SUBCOMMANDS[first], rich_markup_mode=markup
            )
            app.add_typer(parents[first], name=first, rich_help_panel=PANELS[group])
        parents.get(first, app).command(second or first, cls=CommandLine, rich_help_panel=PANELS[group])(function)
    return app


def _version(wanted: bool) -> None:
    """Prints the version and exits where `--version` is given."""
    if wanted:
        from rohe_iac import __version__

        typer.echo(f"rohe {__version__}")
        raise typer.Exit


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
