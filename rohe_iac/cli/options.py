"""Arguments and options that several commands share, and the forms of output that they name."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from rohe_iac.cli.completion import complete_parts, complete_stacks


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
StackArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="STACK",
        help="Name of the stack; may be left out where the blueprint has one.",
        autocompletion=complete_stacks,
    ),
]
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
