"""`rohe doctor`."""

from __future__ import annotations

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import Output, OutputOption
from rohe_iac.foundation.errors import ExitCode


def doctor(output: OutputOption = Output.human) -> int:
    """Show what rohe needs and this machine has; exit with 1 if something is missing, with the command that gets it.

    Example: `rohe doctor -o json`
    """
    from rohe_iac.cli.views.running.doctor import DoctorView
    from rohe_iac.targets.broker.mosquitto import MosquittoServer
    from rohe_iac.targets.broker.nats import NatsServer
    from rohe_iac.targets.kubernetes.provider import PROVIDER
    from rohe_iac.targets.local.supervisor.cgroups import limits_obstacle
    from rohe_iac.usecases.running.doctor import BrokerProgram, examine

    brokers = (
        BrokerProgram("nats", "3.1.1", NatsServer().binary, ("--version",), default=True),
        BrokerProgram("mosquitto", "5 and 3.1.1", MosquittoServer().binary, ("-h",), default=False),
    )
    checks = examine(brokers, (PROVIDER,), limits_obstacle)
    DoctorView(screen).show(checks, output)
    return ExitCode.CHECK_FAILED if any(not check.well for check in checks) else ExitCode.OK
