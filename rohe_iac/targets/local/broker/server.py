"""Broker server: what a program has to offer to be the embedded broker of a stack."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.topics import MAX_REPORT_BYTES
from rohe_iac.targets.local.broker.credentials import User
from rohe_iac.targets.local.documents import BrokerSpec
from rohe_iac.targets.local.supervisor.program import LivenessProbe

MAX_PAYLOAD = 2 * MAX_REPORT_BYTES
"""Largest message in bytes; a larger one ends the connection, so an agent can say of smaller ones what is wrong."""

SESSION_EXPIRY = 24 * 3600
"""Seconds for which messages are kept for a client with a persistent session that is not connected."""


class BrokerMissing(RoheError):
    """The program of the embedded broker is not installed."""

    exit_code = ExitCode.UNREACHABLE


class BrokerServer(Protocol):
    """A program that serves MQTT on loopback, with a user and permissions for each client.

    Attributes:
        mqtt: Newest version of MQTT that the server speaks, as in credential files.
        settings_file: Name of the settings file in the broker's folder.
    """

    mqtt: str
    settings_file: str

    def binary(self) -> str:
        """Returns the path of the server's program.

        Raises:
            BrokerMissing: There is none.
        """
        ...

    def open_ports(self, broker: BrokerSpec) -> dict[str, int]:
        """Returns the ports that the server listens on, by name."""
        ...

    def liveness(self, broker: BrokerSpec) -> LivenessProbe:
        """Returns the test whether the running server still answers."""
        ...

    def settings(self, broker: BrokerSpec, folder: Path, store: Path, stack: str) -> str:
        """Returns the text of the settings file.

        Args:
            broker: The broker with its ports.
            folder: The folder of the settings file and of the files of users, relative to the working directory.
            store: The folder for messages and sessions, relative to the working directory.
            stack: Name of the stack.
        """
        ...

    def user_files(self, users: tuple[User, ...]) -> Mapping[str, bytes]:
        """Returns the files with users and permissions by name; the server reads them again on SIGHUP."""
        ...
