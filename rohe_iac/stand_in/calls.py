"""Calls: how a stand-in passes requests on, and how it takes them; HTTP on connections that stay open."""

from __future__ import annotations

import http.client
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from rohe_iac.planning.sizing.stand_ins.behaviour import Downstream
from rohe_iac.stand_in.work import Request, Work

LOG = logging.getLogger("rohe.stand-in")

REQUEST = "Rohe-Request"
"""Header with the request's id; who sends it does not wait for the work to be done."""


ONLY_IDLE = "Rohe-Only-Idle"
"""Header of who would rather ask another replica than wait here."""


AT_ONCE = 16


TIMEOUT = 5.0


LONGEST_WORK = 600.0
"""Seconds for which a caller without an id is held, at most."""


PIECE = 64 * 1024


_TAKEN = 202


_BUSY = 409


class Following:
    """The services behind this one. peers: {service: {member: [url, ...]}}, as ROHE_PEERS tells them.

    An idle replica is looked for first, in turn; where none is, the shortest line is joined. That comes near to the one
    line for all that replicas are counted by.
    """

    def __init__(self, following: Mapping[str, Downstream], peers: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        self._following = following
        self._peers = peers
        self._credit = dict.fromkeys(following, 0.0)
        self._turn = 0
        self._lock = threading.Lock()
        self._senders = ThreadPoolExecutor(AT_ONCE, "send")
        self._open = threading.local()
        self.lost = 0

    def ready(self) -> bool:
        """Whether every service and member behind has a replica that answers."""
        return all(
            any(self._ask(url, "GET", {}, 0)[0] == 200 for url in urls)
            for service in self._following
            for urls in self._peers.get(service, {}).values()
        )

    def pass_on(self, request: Request) -> None:
        """Sends the request on as often as the flow says, and waits for nobody."""
        for service, next_ in self._following.items():
            with self._lock:
                # A rate of 0.5 lets every second one through; 1e-9 keeps a sum of thirds from falling short of one.
                self._credit[service] += next_.rate
                times = int(self._credit[service] + 1e-9)
                self._credit[service] -= times
            for _ in range(times):
                for urls in self._peers.get(service, {}).values():
                    self._senders.submit(self._send, service, list(urls), request.name, next_.payload)

    def close(self) -> None:
        """Sends nothing more."""
        self._senders.shutdown(wait=False, cancel_futures=True)

    def _send(self, service: str, urls: list[str], name: str, payload: int) -> None:
        with self._lock:
            self._turn += 1
            start = self._turn % max(1, len(urls))
        lines: list[tuple[int, int, str]] = []
        for url in urls[start:] + urls[:start]:
            status, waiting = self._ask(url, "POST", {REQUEST: name, ONLY_IDLE: "1"}, payload)
            if status == _TAKEN:
                return
            if status == _BUSY:
                lines.append((waiting, len(lines), url))
        for _, _, url in sorted(lines):
            if self._ask(url, "POST", {REQUEST: name}, payload)[0] == _TAKEN:
                return
        with self._lock:
            self.lost += 1
            lost = self.lost
        if lost % 100 == 1:
            LOG.warning("no replica of %s took request %s; %d lost so far", service, name, lost)

    def _ask(self, url: str, method: str, headers: dict[str, str], payload: int) -> tuple[int, int]:
        """Status and how many wait there; status 0 where nobody answers."""
        connections: dict[str, http.client.HTTPConnection] = self._open.__dict__.setdefault("connections", {})
        for kept in (url in connections, False):
            connection = connections.pop(url, None) if kept else None
            if connection is None:
                connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT)
            try:
                connection.request(method, "/", bytes(payload) if method == "POST" else None, headers)
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                # A kept connection may have ended since: who is called was started again.
                if kept and not isinstance(error, TimeoutError):
                    continue
                return 0, 0
            connections[url] = connection
            try:
                return answer.status, int(json.loads(content)["waiting"])
            except (ValueError, KeyError, TypeError):
                # A real service answers as it likes; what it took, it took.
                return (_TAKEN if method == "POST" and answer.status < 300 else answer.status), 0
        return 0, 0


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is its own affair."""


def serve(work: Work, port: int, name_of: Callable[[], str]) -> ThreadingHTTPServer:
    """Serves the port of 127.0.0.1 from now on: POST on any path is a request, GET tells how it stands.

    A request with an id is answered at once with 202, or 409 where its sender wants only an idle replica, or 503 where
    the line is full; one without (a real service calls) gets an id by `name_of` and its answer when the work is done.
    """

    class Asked(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1
        timeout = 60

        def do_GET(self) -> None:
            self._answer(200)

        def do_POST(self) -> None:
            left = int(self.headers.get("Content-Length") or 0)
            while left > 0 and (piece := self.rfile.read(min(PIECE, left))):
                left -= len(piece)
            told = self.headers.get(REQUEST, "")
            request = Request(told or name_of())
            only_idle = bool(self.headers.get(ONLY_IDLE))
            if not work.take(request, only_idle=only_idle):
                return self._answer(_BUSY if only_idle else 503)
            if told:
                return self._answer(_TAKEN)
            return self._answer(200 if request.done.wait(LONGEST_WORK) else 504)

        def _answer(self, status: int) -> None:
            content = json.dumps({"waiting": work.waiting, "served": work.served, "at": time.time()}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            self.wfile.flush()

        def log_message(self, *_: Any) -> None:
            """A line a request would tell nobody anything."""

    server = _Server(("127.0.0.1", port), Asked)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, name="serve", daemon=True).start()
    return server
