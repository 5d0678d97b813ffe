"""Broker server: what a program has to offer to be the embedded broker of a stack."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.topics import MAX_REPORT_BYTES
from rohe_iac.targets.broker.specs import BrokerSpec
from rohe_iac.targets.broker.user import User

MAX_PAYLOAD = 2 * MAX_REPORT_BYTES
"""Largest message in bytes; a larger one ends the connection, so an agent can say of smaller ones what is wrong."""

SESSION_EXPIRY = 24 * 3600
"""Seconds for which messages are kept for a client with a persistent session that is not connected."""


@dataclass(frozen=True, slots=True)
class BrokerPlace:
    """Where a server works.

    Attributes:
        stack: Name of the stack.
        folder: The folder of the settings file and of the files of users, relative to the working directory.
        store: The folder for messages and sessions, relative to the working directory.
        host: The address that clients connect to.
        as_root: Whether root may start the server.
        trust: Fingerprint of the oldest authority whose client certificates are accepted, "" where none is. A server
            that cannot forget an authority while it runs has it in its settings, and is started again with others.
    """

    stack: str
    folder: Path
    store: Path
    host: str = "127.0.0.1"
    as_root: bool = field(default_factory=lambda: os.geteuid() == 0)
    trust: str = ""


TLS_CERTIFICATE, TLS_KEY, TLS_TRUST = "tls.crt", "tls.key", "ca.crt"
"""Names of the files of a certificate, of its key, and of the authorities that are trusted."""


class BrokerMissing(RoheError):
    """The program of the embedded broker is not installed."""

    exit_code = ExitCode.UNREACHABLE


def find_binary(program: str, variable: str, folders: Sequence[str], hint: str) -> str:
    """Returns the absolute path of a server's program.

    Args:
        program: Name of the program.
        variable: Environment variable that names another program or a path.
        folders: Folders to search in order, where the variable is not set; each may be a list as in PATH.
        hint: How to get the program.

    Raises:
        BrokerMissing: There is none.
    """
    named, searched = os.environ.get(variable), os.pathsep.join(folders)
    found = shutil.which(named) if named else shutil.which(program, path=searched)
    if found is None:
        raise BrokerMissing(
            f"the embedded broker's program {program} is not installed",
            detail=f"{variable} names {named}" if named else f"looked in {searched}",
            hint=hint,
        )
    return str(Path(found).absolute())


class BrokerServer(Protocol):
    """A program that serves MQTT, with a user and permissions for each client.

    Attributes:
        mqtt: Newest version of MQTT that the server speaks, as in credential files.
        settings_file: Name of the settings file in the broker's folder.
        liveness: The port that is asked whether the running server still answers, and the protocol of the question.
    """

    mqtt: str
    settings_file: str
    liveness: Literal["nats", "mqtt"]

    def binary(self) -> str:
        """Returns the path of the server's program.

        Raises:
            BrokerMissing: There is none.
        """
        ...

    def open_ports(self, broker: BrokerSpec) -> dict[str, int]:
        """Returns the ports that the server listens on, by name."""
        ...

    def settings(self, broker: BrokerSpec, place: BrokerPlace) -> str:
        """Returns the text of the settings file of a broker, which has its ports."""
        ...

    def trust_files(self, authorities: Sequence[bytes]) -> Mapping[str, bytes]:
        """Returns the files with the authorities (PEM) whose client certificates are accepted, by name.

        The server takes further authorities from changed files on SIGHUP, or as it needs them.
        """
        ...

    def user_files(self, users: tuple[User, ...]) -> Mapping[str, bytes]:
        """Returns the files with users and permissions by name; the server reads them again on SIGHUP."""
        ...
