"""The embedded broker of a stack: its settings files and the program that the supervisor runs."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.foundation.folders import write_private
from rohe_iac.targets.broker.server import BrokerPlace, BrokerServer
from rohe_iac.targets.broker.servers import SERVERS
from rohe_iac.targets.broker.specs import BrokerSpec
from rohe_iac.targets.local.broker.credentials import Credentials
from rohe_iac.targets.local.stack_folder import BROKER, Layout
from rohe_iac.targets.local.supervisor.processes import MARK
from rohe_iac.targets.local.supervisor.program import LivenessProbe, Program, ReadinessProbe


def url_of(broker: BrokerSpec) -> str:
    """Returns the URL of the broker for clients on this machine."""
    return f"mqtt://127.0.0.1:{broker.ports['mqtt']}"


class LocalBroker:
    """The broker of one stack."""

    def __init__(self, layout: Layout, credentials: Credentials) -> None:
        self._layout = layout
        self._credentials = credentials

    def prepare(self, broker: BrokerSpec, stack: str) -> Program:
        """Writes the broker's settings, and its URL into every credential, and returns the program to run.

        Raises:
            BrokerMissing: The server's program is not installed.
        """
        server = SERVERS[broker.server]
        program = self.program(broker, stack, server.binary())
        self._layout.broker_store.mkdir(mode=0o700, exist_ok=True)
        for other in SERVERS.values():
            if other is not server:
                (self._layout.broker / other.settings_file).unlink(missing_ok=True)
        write_private(self._layout.broker / server.settings_file, self._settings(broker, stack))
        self._write_users(server)
        self._credentials.point_to(url_of(broker), server.mqtt)
        return program

    def program(self, broker: BrokerSpec, stack: str, binary: str) -> Program:
        """Returns the program that runs the server's `binary`, without writing anything."""
        server = SERVERS[broker.server]
        return Program(
            name=BROKER,
            address=broker.address,
            argv=(binary, "-c", str(self._folder / server.settings_file)),
            cwd=str(self._layout.run),
            environment={MARK: str(self._layout.program(BROKER))},
            ports=server.open_ports(broker),
            probe=ReadinessProbe(broker.ports["mqtt"]),
            liveness=LivenessProbe(server.liveness, broker.ports[server.liveness]),
            startup=20.0,
            files=sha256_hex(self._settings(broker, stack)),
        )

    def reload(self, pid: int) -> None:
        """Writes the present users and permissions, which the running broker adopts without dropping connections.

        Args:
            pid: Process id of the broker, 0 where it does not run.
        """
        for server in SERVERS.values():
            if (self._layout.broker / server.settings_file).exists() and self._write_users(server) and pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGHUP)

    def _settings(self, broker: BrokerSpec, stack: str) -> bytes:
        store = Path(os.path.relpath(self._layout.broker_store, self._layout.run))
        return SERVERS[broker.server].settings(broker, BrokerPlace(stack, self._folder, store)).encode()

    @property
    def _folder(self) -> Path:
        # Relative to the server's working directory, so that no path has characters that a server cannot read.
        return self._layout.broker.relative_to(self._layout.run)

    def _write_users(self, server: BrokerServer) -> bool:
        """Writes the files of users that differ from those present, and returns whether there were any."""
        changed = False
        for name, content in server.user_files(self._credentials.users()).items():
            path = self._layout.broker / name
            if not path.exists() or path.read_bytes() != content:
                write_private(path, content)
                changed = True
        return changed
