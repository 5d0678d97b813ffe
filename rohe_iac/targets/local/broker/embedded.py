"""The embedded broker of a stack: its settings files and the program that the supervisor runs."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Literal

from rohe_iac.deployment.rotation import Rotation
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.foundation.clock import Clock, SystemClock
from rohe_iac.foundation.folders import write_private
from rohe_iac.targets.broker.broker_certificate import NO_PAIR, BrokerCertificate
from rohe_iac.targets.broker.given_certificate import UnusableCertificate, given_certificate
from rohe_iac.targets.broker.server import BrokerPlace, BrokerServer
from rohe_iac.targets.broker.servers import SERVERS
from rohe_iac.targets.broker.specs import BrokerSpec
from rohe_iac.targets.local.broker.credentials import ClientTls, Credentials
from rohe_iac.targets.local.broker.tls_files import TlsFiles
from rohe_iac.targets.local.stack_folder import BROKER, Layout
from rohe_iac.targets.local.supervisor.processes import MARK
from rohe_iac.targets.local.supervisor.program import LivenessProbe, Program, ReadinessProbe
from rohe_iac.targets.named_secret import read_secret


def url_of(broker: BrokerSpec) -> str:
    """Returns the URL of the broker for clients on this machine."""
    return f"{'mqtts' if broker.tls_names else 'mqtt'}://127.0.0.1:{broker.ports['mqtt']}"


class LocalBroker:
    """The broker of one stack."""

    def __init__(self, layout: Layout, credentials: Credentials, clock: Clock | None = None) -> None:
        self._layout = layout
        self._credentials = credentials
        self._clock = clock or SystemClock()
        self.tls = TlsFiles(layout)

    def prepare(self, broker: BrokerSpec, stack: str, pid: int = 0) -> Program:
        """Writes the broker's files, and what a client has to know of it into every credential.

        A running broker reads changed certificates again, and keeps its connections. It trusts a new authority before
        a client shows a certificate of it, and shows one itself once clients trust that authority.

        Args:
            broker: The broker.
            stack: Name of the stack.
            pid: Process id of the broker, 0 where it does not run.

        Returns:
            The program to run.

        Raises:
            BrokerMissing: The server's program is not installed.
        """
        server = SERVERS[broker.server]
        binary = server.binary()
        certificate = None
        if broker.tls_names:
            certificate = self._certificate(broker).renewed(stack, broker.tls_names, self._clock.now())
        self._install(broker, certificate, pid)
        program = self.program(broker, stack, binary)
        self._layout.broker_store.mkdir(mode=0o700, exist_ok=True)
        for other in SERVERS.values():
            if other is not server:
                (self._layout.broker / other.settings_file).unlink(missing_ok=True)
        write_private(self._layout.broker / server.settings_file, self._settings(broker, stack))
        self._write_users(server)
        return program

    def check(self, broker: BrokerSpec) -> None:
        """Checks the user's own certificate, where the broker is given one.

        Raises:
            UnusableCertificate: It cannot be read or used.
        """
        if broker.given:
            self._certificate(broker)

    def rotate(self, broker: BrokerSpec, stack: str, what: Collection[Rotation], pid: int) -> Program:
        """Replaces secrets of a broker and its clients, which adopt them without a restart.

        Args:
            broker: The broker, with TLS where certificates are replaced.
            stack: Name of the stack.
            what: What to replace.
            pid: Process id of the broker, 0 where it does not run.

        Returns:
            The program to run: another one where the server has to be started again to forget an authority.

        Raises:
            BrokerMissing: The server's program is not installed.
        """
        server, now = SERVERS[broker.server], self._clock.now()
        if Rotation.PASSWORDS in what:
            self._credentials.replace_passwords()
            self.reload(pid)
        if {Rotation.CERTIFICATES, Rotation.AUTHORITY} & set(what):
            certificate = self._certificate(broker)
            if Rotation.AUTHORITY in what:
                certificate = certificate.rotated(stack, now)
            certificate = certificate.without_server().renewed(stack, broker.tls_names, now)
            self._install(broker, certificate, pid, anew=True)
        program = self.program(broker, stack, server.binary())
        write_private(self._layout.broker / server.settings_file, self._settings(broker, stack))
        return program

    def is_due(self, broker: BrokerSpec) -> bool:
        """Checks whether a certificate of broker or client is absent, about to expire, or not as it has to be."""
        if not broker.tls_names:
            return False
        try:
            certificate = self._certificate(broker)
        except UnusableCertificate:
            return True  # apply says what is wrong, and the running broker goes on with what it has
        stored = self.tls.certificate()
        if certificate.is_due(broker.tls_names, self._clock.now()) or certificate.server != stored.server:
            return True
        trusted = certificate.trusted if broker.client_certificates else ()
        return self.tls.trusts_differ(SERVERS[broker.server], trusted) or not self._credentials.have(
            self._of_clients(broker, certificate)
        )

    def _certificate(self, broker: BrokerSpec) -> BrokerCertificate:
        """Returns what is stored, with the user's own certificate where the broker is given one.

        Raises:
            UnusableCertificate: That one cannot be read or used.
        """
        stored = self.tls.certificate()
        if not broker.given:
            return stored
        read = partial(read_secret, outer=os.environ, root=self._layout.root)
        return stored.with_given(*given_certificate(broker, read, self._clock.now()))

    def _install(
        self, broker: BrokerSpec, certificate: BrokerCertificate | None, pid: int, *, anew: bool = False
    ) -> None:
        """Writes certificates, and what clients have to know of the broker, in the order that lets all go on.

        Args:
            broker: The broker.
            certificate: Its certificate, None without TLS.
            pid: Process id of the broker, 0 where it does not run.
            anew: Whether clients get new certificates although theirs are not due.
        """
        server = SERVERS[broker.server]
        if certificate is None:
            self.tls.remove()
        else:
            self.tls.write_authority(certificate)
            if self.tls.write_trust(server, certificate.trusted if broker.client_certificates else ()):
                _request_reload(pid)
        self._credentials.point_to(
            url_of(broker), broker.mqtt or server.mqtt, self._of_clients(broker, certificate, anew=anew)
        )
        if certificate is not None and self.tls.write_server(certificate):
            _request_reload(pid)

    def _of_clients(
        self, broker: BrokerSpec, certificate: BrokerCertificate | None, *, anew: bool = False
    ) -> dict[str, ClientTls]:
        """Returns what each client's credential has of TLS, with certificates where the broker demands them."""
        if certificate is None:
            return {}
        now, found = self._clock.now(), {}
        for client in self._credentials.clients():
            pair = None
            if broker.client_certificates:
                present = NO_PAIR if anew else self._credentials.key_pair(client)
                pair = certificate.client(client, present, now)
            found[client] = ClientTls(certificate.ca, pair)
        return found

    def program(self, broker: BrokerSpec, stack: str, binary: str) -> Program:
        """Returns the program that runs the server's `binary`, without writing anything."""
        server = SERVERS[broker.server]
        kind: Literal["nats", "mqtt", "tls"] = server.liveness
        if kind == "mqtt" and broker.tls_names:
            kind = "tls"
        return Program(
            name=BROKER,
            address=broker.address,
            argv=(binary, "-c", str(self._folder / server.settings_file)),
            cwd=str(self._layout.run),
            environment={MARK: str(self._layout.program(BROKER))},
            ports=server.open_ports(broker),
            probe=ReadinessProbe(broker.ports["mqtt"]),
            liveness=LivenessProbe(kind, broker.ports[server.liveness]),
            startup=20.0,
            files=sha256_hex(self._settings(broker, stack)),
        )

    def reload(self, pid: int) -> None:
        """Writes the present users and permissions, which the running broker adopts without dropping connections.

        Args:
            pid: Process id of the broker, 0 where it does not run.
        """
        for server in SERVERS.values():
            if (self._layout.broker / server.settings_file).exists() and self._write_users(server):
                _request_reload(pid)

    def _settings(self, broker: BrokerSpec, stack: str) -> bytes:
        store = Path(os.path.relpath(self._layout.broker_store, self._layout.run))
        trust = self.tls.certificate().oldest if broker.client_certificates else ""
        place = BrokerPlace(stack, self._folder, store, trust=trust)
        return SERVERS[broker.server].settings(broker, place).encode()

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


def _request_reload(pid: int) -> None:
    """Has a running server read its users and certificates again; without one, 0, it does nothing."""
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGHUP)
