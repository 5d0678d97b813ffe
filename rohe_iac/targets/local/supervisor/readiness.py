"""Readiness: whether a program answers as its probe asks."""

from __future__ import annotations

import http.client
import socket

from rohe_iac.targets.local.supervisor.program import ReadinessProbe


def answers(probe: ReadinessProbe, timeout: float = 2.0) -> bool:
    """Whether 127.0.0.1:port takes a connection, or answers an HTTP GET with a status of 200 to 399, in `timeout` s."""
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
