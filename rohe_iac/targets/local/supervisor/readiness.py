"""Readiness: runs the probe of a program."""

from __future__ import annotations

import http.client
import socket

from rohe_iac.targets.local.supervisor.program import ReadinessProbe


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
