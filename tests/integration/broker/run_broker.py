"""`rohe broker run` as a process, with its settings in a mounted Secret, and plain clients of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from stack_broker import free_port, wait_for

from rohe_iac.targets.broker.server import BrokerMissing, BrokerPlace
from rohe_iac.targets.broker.servers import SERVERS
from rohe_iac.targets.broker.specs import BrokerSpec, CredentialSpec
from rohe_iac.targets.broker.user import User


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
    """A broker with the users that are put; with names of a certificate, clients connect by TLS alone."""

    def __init__(self, folder: Path, server: str, tls_names: tuple[str, ...] = ()) -> None:
        try:
            SERVERS[server].binary()
        except BrokerMissing as error:
            pytest.skip(error.brief)
        self.server = SERVERS[server]
        self.spec = BrokerSpec("broker/broker", {"mqtt": free_port(), "nats": free_port()}, (), server, tls_names)
        self.secret = MountedSecret(folder / "mounted")
        (folder / "store").mkdir()
        self.place = BrokerPlace("desk", self.secret.folder, folder / "store", as_root=True)
        self.certificate: Mapping[str, bytes] = {}
        self.process: subprocess.Popen[str] | None = None

    @property
    def port(self) -> int:
        return self.spec.ports["mqtt"]

    def put(self, **passwords: str) -> None:
        users = tuple(User(CredentialSpec(name, ("a/b",), ("c/d",)), word) for name, word in sorted(passwords.items()))
        settings = {self.server.settings_file: self.server.settings(self.spec, self.place).encode()}
        self.secret.write({**settings, **self.server.user_files(users), **self.certificate})

    def begin(self) -> None:
        command = "import sys; from rohe_iac.cli.main import run; sys.exit(run(['broker', 'run', sys.argv[1]]))"
        # A session of its own, as a container is: it ends as a whole.
        words = [sys.executable, "-c", command, str(self.secret.folder)]
        self.process = subprocess.Popen(words, text=True, start_new_session=True)

    def start(self, password: str = "first") -> None:
        self.begin()
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

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
