"""`rohe stand-in run`."""

from __future__ import annotations


def stand_in_run() -> None:
    """Replay a service's measured profile in the foreground, until SIGTERM; `rohe apply` starts one for each replica
    whose service has a profile and no command.

    Example: `ROHE_REPLAY=replay.json ROHE_PORT_HTTP=8080 rohe stand-in run`
    """
    from rohe_iac.cli.log import leave_log
    from rohe_iac.stand_in.run import run_stand_in

    leave_log()
    run_stand_in()
