"""`rohe audit`."""

from __future__ import annotations

from rohe_iac.cli.console import Face, FaceOption, StackArgument, screen
from rohe_iac.foundation.errors import ExitCode


def audit(stack: StackArgument = None, output: FaceOption = Face.human) -> int:
    """Drop every node in turn, and every zone, and tell what breaks; exit 1 where the loss of one node breaks anything.

    Example: `rohe audit cctvs-lab`
    """
    from rohe_iac.cli.views.plans.audit import DropView
    from rohe_iac.usecases.plans.audit import audit as drops

    with screen.working("beginning") as tell:
        found = drops(screen.folder, stack, tell=tell)
    DropView(screen).show(found, output)
    broken = any(not drop.survived for drop in found if drop.what.startswith("node/"))
    return ExitCode.CHECK_FAILED if broken else ExitCode.OK
