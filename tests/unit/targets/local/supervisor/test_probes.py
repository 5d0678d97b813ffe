"""Claims about probes: only an answer of the server itself counts, and only time that has passed."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rohe_iac.foundation.folders import StackFolder
from rohe_iac.targets.broker.servers import SERVERS
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor import probes, wrapper
from rohe_iac.targets.local.supervisor.probes import Liveness, fault_of
from rohe_iac.targets.local.supervisor.program import LivenessProbe


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Yields a socket that listens and that nobody accepts connections of, as that of a server that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def fault(server: str, port: int) -> str:
    """Returns the fault of a broker on `port`, by the liveness probe that apply gives it."""
    probe = LivenessProbe(SERVERS[server].liveness, port)
    return fault_of(probe, os.getpid())


@pytest.mark.parametrize("server", SERVERS)
def test_a_broker_that_listens_and_never_accepts_does_not_answer(
    server: str, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "TIMEOUT", 0.1)
    port = listener.getsockname()[1]
    assert fault(server, port) == f"no answer on port {port} within 0.1 s"


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request", b""], ids=["another server", "a closed connection"])
def test_a_broker_that_answers_something_else_does_not_answer(
    server: str, answer: bytes, listener: socket.socket
) -> None:
    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    port = listener.getsockname()[1]
    assert fault(server, port).endswith((f"answers on port {port}", "reset by peer"))
    thread.join()


def test_nothing_that_listens_is_no_answer(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    assert "refused" in fault("mosquitto", port)


@pytest.mark.parametrize("step", [-86400.0, 86400.0], ids=["back", "forward"])
def test_a_program_has_its_time_to_start_and_no_more_however_the_clock_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: float
) -> None:
    begun = wrapper.begun_now()
    run = {"pid": os.getpid(), "boot": wrapper.boot_id(), **begun}
    wall, now = time.time() + step, begun["since"]
    monkeypatch.setattr(time, "time", lambda: wall)
    probe = LivenessProbe("tcp", 1, period=2.0, failures=1)
    liveness = Liveness(probe, 30.0, run, Layout(StackFolder(tmp_path), tmp_path))
    assert not liveness.record("no answer", now + 29.0)
    assert (liveness.is_due(now + 30.9), liveness.is_due(now + 31.1)) == (False, True)
    assert liveness.record("no answer", now + 31.1)


def test_a_run_whose_start_is_not_of_this_boot_is_no_longer_starting(tmp_path: Path) -> None:
    run = {"pid": os.getpid(), "boot": "another", **wrapper.begun_now()}
    probe = LivenessProbe("tcp", 1, failures=1)
    assert Liveness(probe, 30.0, run, Layout(StackFolder(tmp_path), tmp_path)).record("no answer", time.monotonic())
