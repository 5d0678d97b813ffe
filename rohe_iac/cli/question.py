"""A question that needs a yes: asked on a terminal, refused where there is none."""

from __future__ import annotations

import sys

import typer

from rohe_iac.foundation.errors import UsageError


def confirmed(question: str, *, yes: bool) -> bool:
    """Whether the user agrees. `yes`: agreed on the command line.

    Errors: UsageError where nobody can be asked.
    """
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"nobody to ask: {question}", hint="add --yes")
    return typer.confirm(question, err=True)


def span(text: str) -> float:
    """A span of time such as 60s or 5m, in seconds.

    Errors: UsageError.
    """
    from rohe_iac.foundation.quantities import seconds

    try:
        return seconds(text)
    except ValueError as error:
        raise UsageError(str(error)) from error
