"""Owner: a password goes to nobody but the user who runs the broker."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from rohe_iac.mqtt import owner
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.owner import check_owner


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_the_user_who_runs_the_broker_is_let_pass_and_no_other(server: socket.socket) -> None:
    port = server.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)) as client:
        accepted, _ = server.accept()
        with accepted:
            check_owner(BrokerAddress("127.0.0.1", port, owner=os.geteuid()), client)
            check_owner(BrokerAddress("127.0.0.1", port), client)
            with pytest.raises(PermissionError, match="does not run the stack's broker"):
                check_owner(BrokerAddress("127.0.0.1", port, owner=os.geteuid() + 1), client)


def test_a_connection_that_nobody_accepts_is_refused(server: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner, "PATIENCE", 0.0)
    port = server.getsockname()[1]
    with (
        socket.create_connection(("127.0.0.1", port)) as client,
        pytest.raises(ConnectionResetError, match="nobody accepts"),
    ):
        check_owner(BrokerAddress("127.0.0.1", port, owner=os.geteuid()), client)
