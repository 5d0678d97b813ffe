"""`rohe audit`."""

from __future__ import annotations

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import FilesOption, PageOutput, PageOutputOption, SetOption, StackArgument, values_of
from rohe_iac.foundation.errors import ExitCode


def audit(
    stack: StackArgument = None,
    value_files: FilesOption = None,
    settings: SetOption = None,
    output: PageOutputOption = PageOutput.human,
) -> int:
    """Show what the loss of each node and zone would break; exit with 1 if the loss of a node breaks something.

    Example: `rohe audit cctvs-lab`
    """
    from rohe_iac.cli.views.plans.audit import AuditView
    from rohe_iac.usecases.plans.audit import audit as losses_of

    with screen.working("reading the blueprint") as report:
        losses = losses_of(screen.blueprint, stack, values=values_of(value_files, settings), report=report)
    AuditView(screen).show(losses, output)
    broken = any(not loss.harmless for loss in losses if loss.subject.startswith("node/"))
    return ExitCode.CHECK_FAILED if broken else ExitCode.OK
