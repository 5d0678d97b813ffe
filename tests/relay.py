"""A relay of TCP that can forget its connections, as a router does whose table of connections was lost."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Relay:
    """Passes connections on to one server.

    Attributes:
        port: Port of 127.0.0.1 that it listens on.
        accepted: Connections that were made to it so far.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        """Begins to listen for connections to `server`."""
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.accepted = 0
        self._generation = 0
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def forget(self) -> None:
        """Passes no byte on any more of the connections that there are, and ends none of them; new ones work."""
        self._generation += 1

    def close(self) -> None:
        """Ends all connections and listens no longer."""
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._server)
            except OSError:
                return
            self.accepted += 1
            self._open += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, target, self._generation), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, generation: int) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if generation == self._generation:
                    target.sendall(data)
            if generation == self._generation:
                target.shutdown(socket.SHUT_WR)


@contextmanager
def relay_to(server: str) -> Iterator[Relay]:
    """Runs a relay to a server, given as HOST:PORT."""
    host, _, port = server.rpartition(":")
    relay = Relay((host, int(port)))
    try:
        yield relay
    finally:
        relay.close()
