"""`rohe agent ask`."""

from __future__ import annotations

from typing import Annotated

import typer


def agent_ask(
    questions: Annotated[
        list[str],
        typer.Argument(
            metavar="QUESTION...", help='Each a JSON object: {"ask": "status"}, or results, violations, dead.'
        ),
    ],
) -> None:
    """Ask the agent of this container, whose store ROHE_STORE names; the pages of the answers are lines of JSON.

    Where the agent refuses a question, the exit code is 64.

    Example: `rohe agent ask '{"ask": "results", "most": 10}'`
    """
    from rohe_iac.agent.ask import answers
    from rohe_iac.cli.console import screen

    for page in answers(questions):
        screen.out.file.write(f"{page}\n")
