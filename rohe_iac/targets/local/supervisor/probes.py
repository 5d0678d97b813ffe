"""Probes: whether a program is ready, whether it still answers, and when it has to be restarted because it does not."""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import Any

from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor import wrapper
from rohe_iac.targets.local.supervisor.heartbeat import Heartbeat
from rohe_iac.targets.local.supervisor.processes import is_suspended
from rohe_iac.targets.local.supervisor.program import LivenessProbe, ReadinessProbe

TIMEOUT = 3.0
"""Seconds that a program has to answer a probe."""

CONNECT = b"\x10\x19\x00\x04MQTT\x04\x02\x00\x05\x00\x0drohe-liveness"
"""CONNECT of MQTT 3.1.1 (section 3.1): no user, a clean session, a keep-alive of 5 s, the client `rohe-liveness`."""

CONNACK = b"\x20"
"""First byte of the answer to it (section 3.2), whether the server lets the client in or not."""


def answers(probe: ReadinessProbe, timeout: float = 2.0) -> bool:
    """Returns whether a probe succeeds.

    Args:
        probe: The port to connect to, or the path to get: a status from 200 to 399 succeeds.
        timeout: Seconds to wait for the connection and for the response.
    """
    try:
        if probe.path is None:
            socket.create_connection(("127.0.0.1", probe.port), timeout).close()
            return True
        connection = http.client.HTTPConnection("127.0.0.1", probe.port, timeout=timeout)
        try:
            connection.request("GET", probe.path)
            return 200 <= connection.getresponse().status < 400
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError):
        return False


class Liveness:
    """The results of one program's liveness probe in its present run."""

    def __init__(self, probe: LivenessProbe, startup: float, run: dict[str, Any], layout: Layout) -> None:
        """Begins for a run.

        Args:
            probe: The probe.
            startup: Seconds that the program has to answer for the first time.
            run: The content of run.json.
            layout: The stack's paths, which a heartbeat's path is relative to.
        """
        self.probe, self.run = probe, run
        self.pid, self.ticks = int(run["pid"]), run.get("ticks")
        self._heartbeat = Heartbeat(layout.folder.path / (probe.path or "")) if probe.kind == "heartbeat" else None
        self._starts_until = wrapper.since(run) + startup
        self._answered = False
        self._failures = 0
        self._next = 0.0

    def fault(self, now: float) -> str:
        """Returns why the program does not answer the probe, "" where it does.

        Args:
            now: Monotonic time in seconds.
        """
        silence = self._heartbeat.fault(now) if self._heartbeat is not None else ""
        return fault_of(self.probe, self.pid) or silence

    def is_due(self, now: float) -> bool:
        """Returns whether the probe is to run at the monotonic time `now`."""
        return now >= self._next

    def record(self, fault: str, now: float) -> bool:
        """Records a result and returns whether the program has to be restarted.

        Args:
            fault: Why the program did not answer, "" where it did.
            now: Monotonic time in seconds.
        """
        self._next = now + self.probe.period
        if not fault:
            self._answered, self._failures = True, 0
            return False
        starting = not self._answered and now < self._starts_until
        if starting and not is_suspended(self.pid):
            return False
        self._failures += 1
        return self._failures >= self.probe.failures


def fault_of(probe: LivenessProbe, pid: int) -> str:
    """Returns why a program does not answer its probe, "" where it does.

    Args:
        probe: The probe; of a heartbeat, it is only seen here whether the process is suspended.
        pid: The program's process id.
    """
    if is_suspended(pid):
        # The kernel accepts connections for a suspended process, so a TCP probe alone would not notice.
        return "the process is suspended (SIGSTOP)"
    if probe.kind == "heartbeat":
        return ""
    if probe.kind == "nats":
        return _nats_fault(probe.port)
    if probe.kind == "mqtt":
        return _mqtt_fault(probe.port)
    if probe.kind == "tls":
        return _tls_fault(probe.port)
    if answers(ReadinessProbe(probe.port, probe.path), TIMEOUT):
        return ""
    return f"no answer on port {probe.port} within {TIMEOUT:g} s"


def _nats_fault(port: int) -> str:
    """Returns why a NATS server does not answer; it greets each client with INFO, and logs nothing of that."""
    return _greeting_fault(port, b"", b"INFO", "NATS server")


def _mqtt_fault(port: int) -> str:
    """Returns why an MQTT server does not answer. A connection alone proves nothing: the kernel accepts it."""
    return _greeting_fault(port, CONNECT, CONNACK, "MQTT server")


def _greeting_fault(port: int, question: bytes, answer: bytes, server: str) -> str:
    """Returns why a server's first bytes are not `answer`, after it was sent `question`; "" where they are."""
    try:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
            connection.settimeout(TIMEOUT)
            connection.sendall(question)
            found = connection.recv(len(answer))
    except TimeoutError:
        return f"no answer on port {port} within {TIMEOUT:g} s"
    except OSError as error:
        return f"no answer on port {port}: {error}"
    return "" if found == answer else f"no {server} answers on port {port}"


def _tls_fault(port: int) -> str:
    """Returns why a server does not take part in a TLS handshake; what it then says of the client does not matter."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
            connection.settimeout(TIMEOUT)
            context.wrap_socket(connection).close()
    except TimeoutError:
        return f"no answer on port {port} within {TIMEOUT:g} s"
    except ssl.SSLError as error:
        return f"no TLS server answers on port {port}: {error.reason or error}"
    except OSError as error:
        return f"no answer on port {port}: {error}"
    return ""
