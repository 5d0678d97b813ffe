"""Claims about probes: only an answer of the server itself counts, not a connection that the kernel accepted."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rohe_iac.foundation.folders import StackFolder
from rohe_iac.targets.broker.servers import SERVERS
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor import probes
from rohe_iac.targets.local.supervisor.probes import fault_of
from rohe_iac.targets.local.supervisor.program import LivenessProbe


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Yields a socket that listens and that nobody accepts connections of, as that of a server that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def fault(server: str, port: int, folder: Path) -> str:
    """Returns the fault of a broker on `port`, by the liveness probe that apply gives it."""
    probe = LivenessProbe(SERVERS[server].liveness, port)
    return fault_of(probe, os.getpid(), Layout(StackFolder(folder), folder), began=0.0)


@pytest.mark.parametrize("server", SERVERS)
def test_a_broker_that_listens_and_never_accepts_does_not_answer(
    server: str, listener: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "TIMEOUT", 0.1)
    port = listener.getsockname()[1]
    assert fault(server, port, tmp_path) == f"no answer on port {port} within 0.1 s"


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request", b""], ids=["another server", "a closed connection"])
def test_a_broker_that_answers_something_else_does_not_answer(
    server: str, answer: bytes, listener: socket.socket, tmp_path: Path
) -> None:
    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    port = listener.getsockname()[1]
    assert fault(server, port, tmp_path).endswith((f"answers on port {port}", "reset by peer"))
    thread.join()


def test_nothing_that_listens_is_no_answer(listener: socket.socket, tmp_path: Path) -> None:
    port = listener.getsockname()[1]
    listener.close()
    assert "refused" in fault("mosquitto", port, tmp_path)
