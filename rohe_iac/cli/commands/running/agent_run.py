"""`rohe agent run`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def agent_run(
    configuration: Annotated[
        Path | None,
        typer.Argument(metavar="CONFIG", help="The configuration of the agent; default: ROHE_AGENT_CONFIG."),
    ] = None,
) -> None:
    """Run the observation agent in the foreground, until SIGTERM; `rohe apply` starts one for each pipeline.

    Example: `ROHE_STORE=store ROHE_REPORT_URL=mqtt://127.0.0.1:1883 rohe agent run agent.json`
    """
    from rohe_iac.agent.run import run_agent
    from rohe_iac.cli.log import leave_log

    leave_log()
    run_agent(configuration)
