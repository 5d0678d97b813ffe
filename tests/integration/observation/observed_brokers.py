"""Real brokers on loopback, with users and passwords: the wheel's NATS server, and mosquitto where it is installed."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rohe_iac.targets.broker.server import MAX_PAYLOAD

USERS = {"service": "s3rvice", "agent": "ag3nt", "operator": "0perator"}


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass
class RunningBroker:
    """A broker's process that can be killed and started again on the same port and folder.

    Attributes:
        mqtt: Version of MQTT that its credentials name, as those of a stack do; "" where clients find it out.
    """

    command: list[str]
    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None)
    mqtt: str = ""

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        log = (self.folder / "broker.log").open("ab")
        self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        log.close()
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError(f"the broker did not come up:\n{(self.folder / 'broker.log').read_text()}")

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """Ends it in order, with everything on disk that it keeps."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(20)
        self.process = None

    def credentials(self, folder: Path, user: str) -> Path:
        path = folder / f"credentials-{user}.json"
        known = {"mqtt": self.mqtt} if self.mqtt else {}
        path.write_text(json.dumps({"url": self.url, "user": user, "password": USERS[user], **known}))
        return path


def nats_broker(folder: Path) -> RunningBroker:
    server = Path(sys.executable).parent / "nats-server"
    if not server.exists():
        pytest.skip("nats-server is not installed")
    port = free_port()
    users = ", ".join(f'{{user: {name}, password: "{password}"}}' for name, password in USERS.items())
    (folder / "broker.conf").write_text(
        f"server_name: test\nhost: 127.0.0.1\nport: -1\n"
        f'jetstream {{ store_dir: "{folder}/jetstream", max_mem: 64M, max_file: 512M }}\n'
        f'mqtt {{ host: 127.0.0.1, port: {port}, ack_wait: "3s", max_ack_pending: 1024 }}\n'
        f"authorization {{ users: [{users}] }}\nmax_payload: {MAX_PAYLOAD}\n"
    )
    return RunningBroker([str(server), "-c", str(folder / "broker.conf")], port, folder)


def mosquitto_broker(folder: Path) -> RunningBroker:
    server = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if server is None:
        pytest.skip("mosquitto is not installed")
    port = free_port()
    passwords = folder / "passwords"
    passwords.touch(mode=0o600)
    for name, password in USERS.items():
        subprocess.run(["mosquitto_passwd", "-b", str(passwords), name, password], check=True)
    (folder / "broker.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
        f"persistence true\npersistence_location {folder}/\nuser root\nmax_packet_size {MAX_PAYLOAD}\n"
    )
    return RunningBroker([server, "-c", str(folder / "broker.conf")], port, folder)


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[RunningBroker]:
    """Yields a NATS server that the test may kill."""
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = nats_broker(folder)
    broker.start()
    yield broker
    broker.kill()
