"""What a command reads from its user: consent, asked on a terminal, and spans of time."""

from __future__ import annotations

import sys

import typer

from rohe_iac.foundation.errors import UsageError


def confirm(question: str, *, command: str, yes: bool) -> bool:
    """Returns whether the user agrees.

    Args:
        question: the question.
        command: the name of the command, for the error.
        yes: the user agreed on the command line.

    Raises:
        UsageError: there is no terminal to ask on.
    """
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"{command} needs a yes, and there is no terminal to ask for it", hint="add --yes")
    return typer.confirm(question, err=True)


def span(text: str) -> float:
    """Returns a span of time such as 60s or 5m in seconds.

    Raises:
        UsageError: the text is no span of time.
    """
    from rohe_iac.foundation.quantities import seconds

    try:
        return seconds(text)
    except ValueError as error:
        raise UsageError(str(error)) from error
