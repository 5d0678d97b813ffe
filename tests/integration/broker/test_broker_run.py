"""`rohe broker run` with each real server: users come and go while it runs, as a cluster changes a mounted Secret."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from run_broker import Client, RunBroker
from stack_broker import wait_for

from rohe_iac.mqtt.address import broker_address
from rohe_iac.mqtt.connection import Connection
from rohe_iac.targets.broker.servers import SERVERS

pytestmark = pytest.mark.broker


@pytest.fixture(params=SERVERS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunBroker]:
    broker = RunBroker(tmp_path, request.param)
    broker.put(web="first")
    broker.start()
    yield broker
    broker.kill()


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
