"""`rohe broker run` with each real server: users come and go while it runs, as a cluster changes a mounted Secret."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from stack_broker import free_port, wait_for

from rohe_iac.mqtt.address import broker_address
from rohe_iac.mqtt.connection import Connection
from rohe_iac.targets.broker.server import BrokerMissing, BrokerPlace
from rohe_iac.targets.broker.servers import SERVERS
from rohe_iac.targets.broker.specs import BrokerSpec, CredentialSpec
from rohe_iac.targets.broker.user import User

pytestmark = pytest.mark.broker


class MountedSecret:
    """A folder that changes as kubelet changes a mounted Secret: all files at once, by a link that is renamed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._count = 0

    def write(self, files: dict[str, bytes]) -> None:
        self._count += 1
        version = self.folder / f"..version-{self._count}"
        version.mkdir()
        for name, content in files.items():
            (version / name).write_bytes(content)
        link = self.folder / "..data_tmp"
        link.symlink_to(version.name)
        link.rename(self.folder / "..data")
        for name in files:
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to(f"..data/{name}")


class Client:
    """A client of the broker that counts how often it was disconnected."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self.disconnects, self.accepted, self.refused = 0, False, False
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"{user}-id", protocol=paho.MQTTv311)
        self.client.username_pw_set(user, password)
        self.client.on_connect = self._connected
        self.client.on_disconnect = self._disconnected
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _connected(self, client: object, data: object, flags: object, reason: paho.ReasonCode, more: object) -> None:
        self.accepted, self.refused = not reason.is_failure, reason.is_failure

    def _disconnected(self, *_: object) -> None:
        self.disconnects += 1

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class RunBroker:
    def __init__(self, folder: Path, server: str) -> None:
        try:
            SERVERS[server].binary()
        except BrokerMissing as error:
            pytest.skip(error.brief)
        self.server = SERVERS[server]
        self.spec = BrokerSpec("broker/broker", {"mqtt": free_port(), "nats": free_port()}, (), server)
        self.secret = MountedSecret(folder / "mounted")
        (folder / "store").mkdir()
        self.place = BrokerPlace("desk", self.secret.folder, folder / "store", as_root=True)
        self.passwords: dict[str, str] = {}
        self.process: subprocess.Popen[str] | None = None

    @property
    def port(self) -> int:
        return self.spec.ports["mqtt"]

    def put(self, **passwords: str) -> None:
        users = tuple(User(CredentialSpec(name, ("a/b",), ("c/d",)), word) for name, word in sorted(passwords.items()))
        settings = {self.server.settings_file: self.server.settings(self.spec, self.place).encode()}
        self.secret.write({**settings, **self.server.user_files(users)})

    def start(self, password: str = "first") -> None:
        command = "import sys; from rohe_iac.cli.main import run; sys.exit(run(['broker', 'run', sys.argv[1]]))"
        self.process = subprocess.Popen([sys.executable, "-c", command, str(self.secret.folder)], text=True)
        wait_for(lambda: self.accepts("web", password))

    def accepts(self, user: str, password: str) -> bool:
        try:
            client = Client(self.port, user, password)
        except OSError:
            return False
        try:
            wait_for(lambda: client.accepted or client.refused)
            return client.accepted
        finally:
            client.close()

    def end(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@pytest.fixture(params=SERVERS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunBroker]:
    broker = RunBroker(tmp_path, request.param)
    broker.put(web="first")
    broker.start()
    yield broker
    if broker.process is not None and broker.process.poll() is None:
        broker.process.kill()
        broker.process.wait()


def test_users_come_and_go_and_nobody_else_is_disconnected(broker: RunBroker) -> None:
    web = Client(broker.port, "web", "first")
    wait_for(lambda: web.accepted)
    assert not broker.accepts("cam", "second")
    broker.put(web="first", cam="second")
    wait_for(lambda: broker.accepts("cam", "second"))
    broker.put(web="first")
    wait_for(lambda: not broker.accepts("cam", "second"))
    assert web.disconnects == 0
    web.close()
    assert broker.end() in (0, 1, 128 + signal.SIGTERM)
    assert broker.process is not None


def test_a_client_connects_again_with_its_new_password(broker: RunBroker, tmp_path: Path) -> None:
    path, ups = tmp_path / "credentials.json", []

    def write(password: str) -> None:
        content = {"url": f"mqtt://127.0.0.1:{broker.port}", "user": "web", "password": password}
        path.write_text(json.dumps({**content, "mqtt": broker.server.mqtt}))

    write("first")
    connection = Connection(broker_address("", path), "web-0", on_up=lambda: ups.append(None))
    connection.start()
    wait_for(lambda: connection.up)
    broker.put(web="second")
    wait_for(lambda: broker.accepts("web", "second"))
    write("second")
    if broker.server is SERVERS["mosquitto"]:
        # It leaves clients connected whose password has changed, until it is started again.
        assert broker.end() == 0
        broker.start(password="second")
    wait_for(lambda: len(ups) == 2)
    wait_for(lambda: connection.up)
    connection.close()


def test_a_folder_without_settings_is_an_error_that_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rohe_iac.targets.broker.run", str(tmp_path)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 10
    assert "server.conf or mosquitto.conf" in done.stderr
    assert "Traceback" not in done.stderr
