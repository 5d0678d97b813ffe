"""How the end of a rotation looks: what was replaced, for whom, and until when a former authority is trusted."""

from __future__ import annotations

import time

import msgspec

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import Output
from rohe_iac.deployment.rotation import Rotated
from rohe_iac.foundation.quantities import counted


def show_rotated(screen: Screen, stack: str, rotated: Rotated, output: Output) -> None:
    """Prints what was replaced."""
    if output is Output.json:
        screen.print_json(msgspec.to_builtins(rotated), "rotation")
        return
    what, clients = ", ".join(rotated.kinds), counted(len(rotated.clients), "client")
    effect = "nothing was restarted for it"
    if rotated.broker_restarted:
        effect = "the broker is started again, to forget an earlier authority, and its clients connect again"
    screen.out.print(f"Stack {stack}: replaced {what} of the broker and its {clients}; {effect}", markup=False)
    if rotated.former_until:
        until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(rotated.former_until))
        screen.err.print(
            f"the former authority stays trusted until {until}; then `rohe apply` removes it", markup=False
        )
