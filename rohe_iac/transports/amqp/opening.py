"""The agent's source of reports over AMQP, where its configuration states one."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from rohe_iac.foundation.errors import UsageError
from rohe_iac.observation.configuration import Configuration
from rohe_iac.transports.amqp.attempts import Attempts
from rohe_iac.transports.amqp.connection import AmqpAccess
from rohe_iac.transports.amqp.reports import AmqpReports
from rohe_iac.transports.amqp.senders import AmqpSenders
from rohe_iac.transports.inbox import Inbox

PASSWORD = "ROHE_AMQP_PASSWORD"
"""The variable with the password of the user."""

AUTHORITIES = "ROHE_AMQP_CA"
"""The variable with the certificates (PEM) of the authorities to trust."""


def amqp_access(configuration: Configuration, environment: Mapping[str, str]) -> AmqpAccess | None:
    """Returns what the environment says of the AMQP broker; None where none is stated, or another agent consumes.

    Raises:
        UsageError: The password is missing.
    """
    if configuration.amqp is None or not configuration.judges:
        return None
    password = environment.get(PASSWORD)
    if password is None:
        raise UsageError(
            f"the password of '{configuration.amqp.user}' at {configuration.amqp.url} is missing",
            hint=f"set {PASSWORD}",
        )
    return AmqpAccess(password, environment.get(AUTHORITIES, ""))


def amqp_reports(
    configuration: Configuration, access: AmqpAccess | None, inbox: Inbox, folder: Path, stopping: threading.Event
) -> AmqpReports | None:
    """Returns the source of reports over AMQP; None where none is stated, or another agent has it.

    Args:
        configuration: What the agent observes and judges.
        access: What the environment says of the broker.
        inbox: Where messages and changes of the connection go.
        folder: Folder of the agent's store.
        stopping: Whether the agent was told to end.
    """
    if configuration.amqp is None or access is None or not configuration.judges:
        return None
    senders = AmqpSenders(configuration.stack, configuration.instances)
    return AmqpReports(configuration.amqp, access, senders, inbox, Attempts(folder), stopping, configuration.lateness)
