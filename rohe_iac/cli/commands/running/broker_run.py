"""`rohe broker run`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer


def broker_run(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder with the broker's settings and users.")],
) -> None:
    """Run the broker of a stack in a container, until SIGTERM; changed users are in force without a restart.

    Example: `rohe broker run /etc/rohe/broker`
    """
    # The process becomes one without the command line, which takes more memory than the broker's server.
    os.execv(sys.executable, [sys.executable, "-m", "rohe_iac.targets.broker.run", str(folder)])
