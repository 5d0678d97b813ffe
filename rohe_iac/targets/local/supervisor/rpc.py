"""RPC: XML-RPC over the supervisor's socket, whose path may be longer than the kernel allows for an address."""

from __future__ import annotations

import http.client
import os
import socket
import xmlrpc.client
from pathlib import Path
from typing import Any

SOCKET = "supervisor.sock"
"""Name of the daemon's socket in the folder `run`."""


class UnixConnection(http.client.HTTPConnection):
    """A connection to the socket in a folder."""

    def __init__(self, folder: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._folder = folder

    def connect(self) -> None:
        """Connects by way of the folder's descriptor, which keeps the address short."""
        descriptor = os.open(self._folder, os.O_PATH | os.O_DIRECTORY)
        try:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.settimeout(self.timeout)
            self.sock.connect(f"/proc/self/fd/{descriptor}/{SOCKET}")
        finally:
            os.close(descriptor)


class UnixTransport(xmlrpc.client.Transport):
    """Opens a connection to the socket in a folder; each call may take `timeout` seconds."""

    def __init__(self, folder: Path, timeout: float) -> None:
        super().__init__()
        self._folder, self._timeout = folder, timeout

    def make_connection(self, host: Any) -> http.client.HTTPConnection:  # noqa: ARG002 - the socket is the host
        """Returns a new connection."""
        return UnixConnection(self._folder, self._timeout)
