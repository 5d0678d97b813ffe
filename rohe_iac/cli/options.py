"""Arguments and options that several commands share, and the forms of output that they name."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rohe_iac.cli.completion import complete_parts, complete_stacks
from rohe_iac.cli.console import screen

if TYPE_CHECKING:
    from rohe_iac.blueprint.documents.given_value import GivenValue


class Output(StrEnum):
    """The forms in which every command with a result prints it."""

    human = "human"
    json = "json"


class PageOutput(StrEnum):
    """The forms in which a command prints its result that has a page in Markdown as well."""

    human = "human"
    json = "json"
    markdown = "markdown"


OutputOption = Annotated[Output, typer.Option("-o", "--output", help="human: for people; json: for programs.")]
PageOutputOption = Annotated[
    PageOutput, typer.Option("-o", "--output", help="human: for people; json: for programs; markdown: for a page.")
]


def choose_stack(context: typer.Context, word: str | None) -> str | None:
    """Returns the name of the stack that a word means, and has the screen remember the folder of its blueprint."""
    if word is None or context.resilient_parsing:
        return word
    from rohe_iac.usecases.stack_choice import chosen_stack

    choice = chosen_stack(screen.folder, word)
    screen.chosen_folder = choice.folder
    return choice.stack


StackArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="STACK",
        help="Name, folder or file of the stack; may be left out where the blueprint has one.",
        autocompletion=complete_stacks,
        callback=choose_stack,
    ),
]
StackOption = Annotated[
    str | None,
    typer.Option(
        "--stack", help="Name, folder or file of the stack.", autocompletion=complete_stacks, callback=choose_stack
    ),
]
FilesOption = Annotated[
    list[Path] | None,
    typer.Option("-f", "--values", metavar="FILE", help="Values for the stack, from a YAML file; repeatable."),
]
LongFilesOption = Annotated[
    list[Path] | None,
    typer.Option("--values", metavar="FILE", help="Values for the stack, from a YAML file; repeatable."),
]
"""`FilesOption` of commands whose `-f` is `--follow`."""

SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="One value for the stack, in place of its own; repeatable."),
]


def values_of(files: list[Path] | None, settings: list[str] | None) -> dict[str, GivenValue]:
    """Returns the values that a command line gives to a stack, by name."""
    if not files and not settings:
        return {}
    from rohe_iac.usecases.given_values import given_values

    return given_values(screen.folder, files or (), settings or ())


YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for consent.")]
LockTimeoutOption = Annotated[
    str, typer.Option("--lock-timeout", help="How long to wait for another command on the stack, such as 60s.")
]
AllowOtherClusterOption = Annotated[
    bool,
    typer.Option("--allow-other-cluster", help="Go on although the context leads to another cluster than before."),
]
"""`--allow-other-cluster`: the stack was moved to another cluster on purpose."""

AllowDestroyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-destroy",
        metavar="ADDR",
        help="Remove this part although it is protected; may be repeated.",
        autocompletion=complete_parts,
    ),
]
