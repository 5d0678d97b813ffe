"""The Typer application: every command of the table in its panel of the help, and the global options."""

from __future__ import annotations

import functools
import importlib
import inspect
import keyword
import logging
import os
import shlex
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from rohe_iac import __version__
from rohe_iac.cli.command_line import CommandLine, CommandLineFault, CommandLineGroup, usage_error
from rohe_iac.cli.console import UNCUT, Interrupted, screen
from rohe_iac.cli.log import start_log
from rohe_iac.foundation.errors import ExitCode, UsageError
from rohe_iac.usecases.documentation import documentation

LOG = logging.getLogger("rohe.cli")

PANELS = {
    "authoring": "Write blueprints",
    "plans": "Plan, and ask about plans (nothing is changed)",
    "running": "Run a stack on this machine",
    "observing": "Observe a running stack",
}
"""The title of each group of commands in the help."""

PROGRAMS = ("agent run", "broker run", "stand-in run")
"""Commands that are programs of a stack, with a log of their own."""

VerboseOption = Annotated[
    int,
    typer.Option(
        "-v",
        "--verbose",
        count=True,
        metavar="",
        show_default=False,
        help="Log on stderr what is done; -vv: in detail (ROHE_LOG does it too).",
    ),
]

SUBCOMMANDS = {
    "engine": "The Pulumi engine that apply drives.",
    "agent": "The observation agent.",
    "broker": "The MQTT broker of a stack in a cluster.",
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
        epilog=f"Documentation: {documentation()}\nHelp on one command: rohe COMMAND --help",
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
        if first in commands:
            # `import` is a command by itself, so that `import cluster` is another one beside it.
            first, second = command, ""
        if second and first not in parents:
            parents[first] = typer.Typer(
                cls=CommandLineGroup, no_args_is_help=True, help=SUBCOMMANDS[first], rich_markup_mode=markup
            )
            app.add_typer(parents[first], name=first, rich_help_panel=PANELS[group])
        register = parents.get(first, app).command(
            second or first,
            cls=CommandLine,
            rich_help_panel=PANELS[group],
            epilog=f"Documentation: {documentation() / 'commands.md'}",
        )
        register(function if command in PROGRAMS else _with_log(function))
    return app


def _working_folder() -> Path:
    """Returns the working folder.

    Raises:
        UsageError: It was removed, so that no path of the command leads anywhere.
    """
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise UsageError("the working folder was removed", hint="change to a folder that is there") from error


def _with_log(command: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the command with the option `-v`, which begins the log before the command runs."""
    signature = inspect.signature(command, eval_str=True)
    option = inspect.Parameter("verbosity", inspect.Parameter.KEYWORD_ONLY, default=0, annotation=VerboseOption)

    @functools.wraps(command)
    def run(*, verbosity: int, **values: Any) -> Any:
        if verbosity:
            screen.verbosity = max(screen.verbosity, verbosity)
            start_log(screen.verbosity)
        begin, ending = time.monotonic(), "an error"
        LOG.info("rohe %s on Python %s, in %s", __version__, sys.version.split()[0], _working_folder() / screen.folder)
        LOG.info("command %s", shlex.join(sys.argv[1:]))
        try:
            code = command(**values)
            ending = f"exit code {int(code or 0)}"
        finally:
            LOG.info("ended with %s after %.2f s", ending, time.monotonic() - begin)
        return code

    # Typer reads the signature and the annotations, and would read those of the command itself.
    del run.__dict__["__wrapped__"]
    parameters = [*signature.parameters.values(), option]
    run.__dict__["__signature__"] = signature.replace(parameters=parameters)
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _version(wanted: bool) -> None:
    """Prints the version and exits where `--version` is given."""
    if wanted:
        typer.echo(f"rohe {__version__}")
        raise typer.Exit


def _globals(
    folder: Annotated[Path, typer.Option("-C", "--directory", help="Work as if started in this folder.")] = Path(),
    verbosity: VerboseOption = 0,
    no_color: Annotated[bool, typer.Option("--no-color", help="Print without colours (NO_COLOR does it too).")] = False,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Stores the options that stand before the command."""
    screen.folder, screen.chosen_folder = folder, None
    screen.color = not no_color
    screen.verbosity = verbosity
    start_log(verbosity)
