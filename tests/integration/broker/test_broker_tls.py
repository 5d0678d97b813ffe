"""TLS of a stack's own broker, with each real server: who is let in, who is refused, and renewal without a restart."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from node_client import node_client
from run_broker import RunBroker
from stack_broker import wait_for

from rohe_iac.mqtt.address import broker_address
from rohe_iac.mqtt.connection import Connection
from rohe_iac.targets.broker.certificates import EARLY, KeyPair, new_authority, new_server
from rohe_iac.targets.broker.servers import SERVERS

pytestmark = pytest.mark.broker

CONNECT = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a"


class TlsBroker(RunBroker):
    """A broker with a certificate for `localhost`, and clients that trust its authority."""

    def __init__(self, folder: Path, server: str) -> None:
        super().__init__(folder, server, ("localhost",))
        self.folder = folder

    def show(self, pair: KeyPair) -> None:
        self.certificate = {"tls.crt": pair.certificate, "tls.key": pair.key}
        self.put(web="first")

    def connection(
        self, authority: KeyPair, host: str = "localhost", *, name: str = "web-0", on_up: Callable[[], None] = print
    ) -> Connection:
        connection = Connection(broker_address("", self.write_credentials(authority, host)), name, on_up=on_up)
        connection.start()
        return connection

    def write_credentials(self, authority: KeyPair, host: str = "localhost") -> Path:
        path = self.folder / "credentials.json"
        content = {"url": f"mqtts://{host}:{self.port}", "user": "web", "password": "first"}
        path.write_text(json.dumps({**content, "mqtt": self.server.mqtt, "ca": authority.certificate.decode()}))
        return path

    def shown(self, authority: KeyPair) -> bytes | None:
        """Returns the certificate that a new client is shown (DER), None where it gets none."""
        context = ssl.create_default_context(cadata=authority.certificate.decode())
        try:
            with (
                socket.create_connection(("127.0.0.1", self.port)) as sock,
                context.wrap_socket(sock, server_hostname="localhost") as secure,
            ):
                return secure.getpeercert(binary_form=True)
        except OSError:
            return None


@pytest.fixture(params=SERVERS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TlsBroker]:
    broker = TlsBroker(tmp_path, request.param)
    yield broker
    broker.kill()


def _refuses(connection: Connection) -> bool:
    """Checks that a client does not take the certificate that it is shown."""
    try:
        wait_for(lambda: "certificate verify failed" in connection.last_error)
        return not connection.up
    finally:
        connection.close()


@pytest.mark.platform
def test_the_client_for_nodejs_trusts_the_authority_of_the_credentials_alone(broker: TlsBroker) -> None:
    authority = new_authority("rohe desk", time.time())
    broker.show(new_server(authority, broker.spec.tls_names, time.time()))
    broker.begin()
    wait_for(lambda: broker.shown(authority))
    log = broker.folder / "client.log"
    command = node_client(broker.folder, broker.write_credentials(authority), "web-node", "c/d")
    subprocess.run(command, check=True, timeout=60)
    broker.write_credentials(new_authority("rohe desk", time.time()))
    with log.open("w") as stream:
        process = subprocess.Popen(command, stderr=stream)
    try:
        wait_for(lambda: "certificate" in log.read_text())
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_a_client_with_the_authority_is_let_in_and_nobody_else(broker: TlsBroker) -> None:
    authority = new_authority("rohe desk", time.time())
    broker.show(new_server(authority, broker.spec.tls_names, time.time()))
    broker.begin()
    wait_for(lambda: broker.shown(authority))
    connection = broker.connection(authority)
    wait_for(lambda: connection.up)
    connection.close()
    assert _refuses(broker.connection(new_authority("rohe desk", time.time())))
    assert _refuses(broker.connection(authority, "127.0.0.1"))
    with socket.create_connection(("127.0.0.1", broker.port), timeout=20) as sock:
        sock.sendall(CONNECT)
        try:
            answer = sock.recv(4)
        except ConnectionResetError:
            answer = b""
    assert not answer.startswith(b"\x20"), "a client without TLS was answered"


def test_a_client_whose_clock_is_a_day_behind_is_let_in(broker: TlsBroker) -> None:
    ahead = time.time() + EARLY - 60
    authority = new_authority("rohe desk", ahead)
    broker.show(new_server(authority, broker.spec.tls_names, ahead))
    broker.begin()
    connection = broker.connection(authority)
    wait_for(lambda: connection.up)
    connection.close()


def test_a_renewed_certificate_is_shown_without_a_restart_and_nobody_is_disconnected(broker: TlsBroker) -> None:
    authority = new_authority("rohe desk", time.time())
    broker.show(new_server(authority, broker.spec.tls_names, time.time()))
    broker.begin()
    wait_for(lambda: broker.shown(authority))
    former = broker.shown(authority)
    ups: list[None] = []
    connection = broker.connection(authority, on_up=lambda: ups.append(None))
    wait_for(lambda: connection.up)
    broker.show(new_server(authority, broker.spec.tls_names, time.time()))
    wait_for(lambda: broker.shown(authority) not in (former, None))
    later = broker.connection(authority, name="web-1")
    wait_for(lambda: later.up)
    assert connection.up
    assert len(ups) == 1
    for client in (connection, later):
        client.close()
    assert broker.process is not None
    assert broker.process.poll() is None
