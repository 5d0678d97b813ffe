"""What Ctrl-C reports of an apply or destroy that was not in the hands of the engine."""

from __future__ import annotations

from rohe_iac.cli.views.running.progress import ProgressView
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.usecases.running.unfinished import unfinished


def interruption(progress: ProgressView, folder: StackFolder, command: str) -> str:
    """Returns what was done and what was not.

    Args:
        progress: what the command has shown so far.
        folder: the state folder of the stack.
        command: the command, such as `rohe apply`.
    """
    done = progress.done_so_far()
    if not done and not unfinished(folder):
        return "nothing was changed"
    name = folder.path.name
    return f"{done or 'no resource was changed'}; stack {name} is not complete: `{command} {name}` continues"
