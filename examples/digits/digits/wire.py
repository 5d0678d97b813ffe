"""Wire: JSON over HTTP between the services, on connections that stay open."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Body = dict[str, Any]
LARGEST = 1 << 20
"""Bytes of a request that are read at most."""


class Unreachable(Exception):
    """A service did not answer, or not with a success."""


class Server:
    """Serves a replica's port: GET /healthz, GET /ready, and POST on its routes.

    routes: path -> what answers the body. ready: whether what it needs downstream is there.
    """

    def __init__(self, routes: Mapping[str, Callable[[Body], Body]], ready: Callable[[], bool] = lambda: True) -> None:
        self._routes = routes
        self._ready = ready
        self._stop = threading.Event()

    def run(self, port: int) -> None:
        """Serve until SIGTERM or SIGINT; then finish what was begun. Port 0 takes a free one.

        LISTEN is the address to listen on: loopback by default, in the image all addresses of the container.
        """
        server = _Server((os.environ.get("LISTEN", "127.0.0.1"), port), self._asked())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        thread.start()
        self._stop.wait()
        server.shutdown()
        server.server_close()

    def _asked(self) -> type[BaseHTTPRequestHandler]:
        routes, ready = self._routes, self._ready

        class Asked(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1
            timeout = 60

            def do_GET(self) -> None:
                if self.path == "/healthz":
                    return self._answer(200, {"ok": True})
                if self.path == "/ready":
                    return self._answer(200, {"ok": True}) if ready() else self._answer(503, {"ok": False})
                return self._answer(404, {"error": f"no such path {self.path}"})

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                route = routes.get(self.path)
                if length > LARGEST:
                    self.close_connection = True
                    return self._answer(413, {"error": f"at most {LARGEST} bytes"})
                body = self.rfile.read(length)
                if route is None:
                    return self._answer(404, {"error": f"no such path {self.path}"})
                try:
                    return self._answer(200, route(json.loads(body or b"{}")))
                except (ValueError, KeyError, TypeError) as error:
                    return self._answer(400, {"error": f"{type(error).__name__}: {error}"})
                except Unreachable as error:
                    return self._answer(502, {"error": str(error)})

            def _answer(self, status: int, body: Body) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                self.wfile.flush()

            def log_message(self, *_: Any) -> None:
                """Thirty lines a second would tell nobody anything."""

        return Asked


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is its own affair."""


_open = threading.local()


def call(url: str, path: str, body: Body | None = None, timeout: float = 2.0) -> Body:
    """POST the body to a service (GET without one) and give its answer. Each thread keeps its own connections.

    timeout in seconds. Unreachable when nobody answers in time, or the answer is no success.
    """
    connections: dict[str, http.client.HTTPConnection] = _open.__dict__.setdefault("connections", {})
    for kept in (url in connections, False):
        connection = connections.pop(url, None) if kept else None
        if connection is None:
            connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)
        elif connection.sock is not None:
            connection.sock.settimeout(timeout)
        try:
            if body is None:
                connection.request("GET", path)
            else:
                connection.request("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            # A kept connection may have ended since: the callee was restarted. A time-out is no such case.
            if kept and not isinstance(error, TimeoutError):
                continue
            raise Unreachable(f"{url}{path}: {error or type(error).__name__}") from error
        connections[url] = connection
        if answer.status != 200:
            raise Unreachable(f"{url}{path}: {answer.status} {content[:200].decode(errors='replace')}")
        result = json.loads(content)
        return result if isinstance(result, dict) else {}
    raise Unreachable(f"{url}{path}")


def own_port() -> int:
    """The port that this replica was given."""
    return int(os.environ["ROHE_PORT_HTTP"])
