"""How command lines are read: commands whose help is whole, and hints for what people type out of habit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from rohe_iac.blueprint.hints.nearest import nearest
from rohe_iac.cli.console import Interrupted
from rohe_iac.foundation.errors import UsageError

CommandLineFault: type[Any] = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")
"""The base of what Typer raises for a command line that it cannot read; Typer has no public name for it."""

SINGLE_DASH = re.compile(r"-([A-Za-z][A-Za-z-]+)(=.*)?", re.DOTALL)
"""A long option after one dash, as Terraform and Go programs write it."""

OTHER_WORDS = {
    "apply": ("deploy", "up", "create", "start", "install", "launch", "sync"),
    "destroy": ("down", "delete", "remove", "rm", "stop", "undeploy", "teardown", "uninstall"),
    "status": ("ps", "ls", "list", "get", "describe", "top", "state", "info", "health"),
    "plan": ("preview", "dry-run", "schedule", "place", "what-if"),
    "validate": ("check", "lint"),
    "fmt": ("format",),
    "render": ("template", "synth", "manifests"),
    "logs": ("log", "tail"),
    "observe": ("watch", "monitor", "metrics"),
    "violations": ("alerts", "events"),
    "explain": ("why", "blame"),
    "--help": ("help",),
    "--version": ("version",),
    "--install-completion": ("completion", "completions"),
    "engine install": ("setup",),
}
"""Commands, and what people type for them after other tools."""

NOT_THERE_YET = {
    "init": "copy the folder examples/digits, or follow docs/tutorial.md",
    "new": "copy the folder examples/digits, or follow docs/tutorial.md",
    "restart": "`rohe destroy` and `rohe apply` start everything anew; `rohe apply` restarts what has died",
    "adopt": "",
    "drift": "`rohe status --check` finds what does not run as applied",
    "lock": "",
    "vendor": "",
    "update": "",
    "report": "`rohe observe -o json` and `rohe violations -o json` print the results",
    "graph": "`rohe plan --html FILE` draws the plan",
    "history": "the folder `history` of the stack's state has every applied plan",
    "rollback": "check out the earlier blueprint, then `rohe apply`",
    "unlock": "a lock ends with the process that holds it",
    "scale": "set `replicas:` in the blueprint, then `rohe apply`",
    "test": "`rohe validate` checks documents; `rohe verify PLANFILE` checks a plan",
    "serve": "",
    "app": "",
    "node": "nodes are written in an Inventory; `rohe plan` shows them",
    "service": "services are written in a Pipeline; `rohe status` shows them",
}
"""Commands that are planned or that people look for, and what does their work until then."""

OTHER_OPTIONS = {
    "--auto-approve": "--yes",
    "--force": "--yes",
    "--assume-yes": "--yes",
    "--no-input": "--yes",
    "--json": "-o json",
    "--format": "-o human|json",
    "--dry-run": "`rohe plan`, which changes nothing",
    "--target": "the argument STACK",
    "--dir": "-C DIR before the command",
    "--chdir": "-C DIR before the command",
    "--cwd": "-C DIR before the command",
    "--file": "-C DIR before the command, with the folder of the blueprint",
    "--filename": "-C DIR before the command, with the folder of the blueprint",
    "--output-file": "--out FILE",
    "--no-colour": "--no-color before the command",
    "--color": "--no-color before the command",
    "--tail": "--lines N",
    "--since": "--lines N",
    "-f": "-C DIR before the command, with the folder of the blueprint",
    "-V": "--version before the command",
}
"""Long options of other tools, and what serves here where a command has it."""

GLOBAL_OPTIONS = ("-C", "--directory", "--no-color", "--version", "--install-completion", "--show-completion")
"""Options that stand before the command."""

FEW = 5
"""Commands that a hint lists all."""


def write_epilog(epilog: str | None, formatter: Any) -> None:
    """Writes the last lines of a help as they are, so that no address is broken."""
    if epilog:
        formatter.write("\n" + "".join(f"{line}\n" for line in epilog.splitlines()))


class CommandLine(TyperCommand):
    """One command: a long option after one dash is refused with a hint, not read as several short ones."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Writes where the documentation is."""
        write_epilog(self.epilog, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Reads the arguments; refuses a long option that has one dash."""
        refuse_single_dash(ctx, args)
        return super().parse_args(ctx, args)


class CommandLineGroup(TyperGroup):
    """Commands in the panels of their groups, on terminals and elsewhere; Ctrl-C passes the library as Interrupted."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Reads the options before the command; refuses a long option that has one dash."""
        refuse_single_dash(ctx, takewhile(lambda text: not _is_word(text), args))
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Finds the command that the first argument names, or the first two where a command of one word begins so."""
        if len(args) > 1 and f"{args[0]} {args[1]}" in self.commands:
            args = [f"{args[0]} {args[1]}", *args[2:]]
        if not ctx.resilient_parsing and args[0] not in self.commands and not args[0].startswith("-"):
            raise _unknown_command(ctx.command_path, args[0], self.commands)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Runs the command; the library would end Ctrl-C without a word."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Interrupted from error

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Reads the command line; Ctrl-C passes as Interrupted."""
        try:
            return super().make_context(*arguments, **options)
        except KeyboardInterrupt as error:
            raise Interrupted from error

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Writes where the documentation is."""
        write_epilog(self.epilog, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes the commands of each panel, with the whole first sentence of each, where there is no terminal."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command: Any = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                title = command.rich_help_panel or "Commands"
                panels.setdefault(title, []).append((name, command.get_short_help_str(limit=10_000)))
        for title, rows in panels.items():
            with formatter.section(title):
                formatter.write_dl(rows)


def refuse_single_dash(ctx: Any, arguments: Iterable[str]) -> None:
    """Raises UsageError where an argument is a long option with one dash, such as `-out` or `-auto-approve`."""
    known = _option_names(ctx)
    for text in arguments:
        if text == "--":
            return
        found = SINGLE_DASH.fullmatch(text)
        if found is None:
            continue
        double = f"--{found[1]}"
        meant = double if double in known else OTHER_OPTIONS.get(double, "")
        if meant:
            raise UsageError(
                f"'{text}' is no option of `{ctx.command_path}`",
                hint=f"long options have two dashes: {meant}" if meant == double else f"use {meant}",
            )


def usage_error(fault: Any, arguments: Iterable[str]) -> UsageError:
    """Returns the error for a command line that cannot be read, with the nearest thing that can.

    Args:
        fault: what Typer raised.
        arguments: the command line.
    """
    context = getattr(fault, "ctx", None)
    path = context.command_path if context is not None else " ".join(["rohe", *takewhile(_is_word, arguments)][:2])
    option = getattr(fault, "option_name", "")
    first, _, rest = fault.format_message().strip().replace("Value error, ", "").partition("\n")
    hint = ""
    if type(fault).__name__ == "NoSuchOption":
        first = f"`{path}` has no option {option}"
        hint = _option_hint(option, context, arguments)
    elif context is not None and "'--output'" in first and "--out" in _option_names(context):
        hint = f"-o names the form, and --out the place to write to; `{path} --help` shows both"
    return UsageError(
        f"{first[:1].lower()}{first[1:].rstrip('.')}", detail=rest, hint=hint or f"`{path} --help` shows what there is"
    )


def _is_word(text: str) -> bool:
    return not text.startswith("-")


def _option_names(context: Any) -> set[str]:
    """Returns all options of the command."""
    return {name for parameter in context.command.get_params(context) for name in parameter.opts}


def _option_hint(option: str, context: Any, arguments: Iterable[str]) -> str:
    """Returns what to write in place of an option that a command does not have; nothing where that is not known."""
    command = context.command
    known = _option_names(context)
    if isinstance(command, TyperGroup):
        typed = next((text for text in arguments if text in command.commands), "COMMAND")
        if option in ("--output", "-o", "--out", "--all", "--yes", "-y", "--follow", "-f", "--json", "--check"):
            return f"options of a command follow it: {context.command_path} {typed} {option}"
    elif option in GLOBAL_OPTIONS:
        return f"{option} precedes the command: rohe {option} ... {context.info_name}"
    meant = OTHER_OPTIONS.get(option, "")
    if meant and (not meant.startswith("-") or meant.split()[0] in {*known, "-C", "--no-color"}):
        return f"use {meant}"
    if option in ("--output", "-o") and "--out" in known:
        return "the place to write to is --out; this command has one form of output"
    near = nearest(option.lstrip("-"), sorted(name.lstrip("-") for name in known if name.startswith("--")))
    return f"did you mean --{near}?" if near else ""


def _unknown_command(path: str, typed: str, commands: Iterable[str]) -> UsageError:
    """Returns the error for a command that does not exist, with the one that was probably meant."""
    known = tuple(commands)
    brief = f"there is no command `{path} {typed}`"
    word = typed.lower()
    if path == "rohe":
        if word in NOT_THERE_YET:
            brief += " yet"
            return UsageError(brief, hint=NOT_THERE_YET[word] or "`rohe --help` lists what there is")
        for command, others in OTHER_WORDS.items():
            if word in others:
                return UsageError(brief, hint=f"use `rohe {command}`")
    near = nearest(word, known)
    if near:
        return UsageError(brief, hint=f"did you mean `{path} {near}`?")
    if len(known) <= FEW:
        return UsageError(brief, hint=f"there is: {', '.join(f'`{path} {name}`' for name in known)}")
    return UsageError(brief, hint=f"`{path} --help` lists what there is")
