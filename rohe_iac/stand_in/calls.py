"""Calls between stand-ins: passing requests on, and accepting them, over persistent HTTP connections."""

from __future__ import annotations

import http.client
import json
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from rohe_iac.planning.sizing.stand_ins.behaviour import Downstream
from rohe_iac.stand_in.work import Request, WorkQueue

LOG = logging.getLogger("rohe.stand-in")

REQUEST_HEADER = "Rohe-Request"
"""Header with the request's identifier; its sender does not wait for the work to be done."""

ONLY_IDLE_HEADER = "Rohe-Only-Idle"
"""Header of a sender that would rather try another replica than wait."""

MAX_SENDERS = 16
"""Requests that are passed on at the same time."""

TIMEOUT = 5.0
"""Seconds to wait for a replica to answer."""

MAX_HOLD = 600.0
"""Seconds for which a caller without an identifier is held, at most."""

CHUNK = 64 * 1024
"""Bytes of a request's body that are read at once."""

_ACCEPTED = 202
"""HTTP status for a request that waits or is worked on."""

_BUSY = 409
"""HTTP status for a request that wants an idle replica where none is."""


class LoadBalancer:
    """Passes requests on to the replicas of the services behind a stand-in, spread as the blueprint states.

    `random` and `roundRobin` take the next replica, and another one only where that one does not answer. With
    `leastBusy` an idle replica is tried first, of several the next in turn; where no replica is idle, the request joins
    the shortest queue. Replicas say how busy they are, so that several callers do not get in each other's way.

    Attributes:
        lost: Requests that no replica accepted.
    """

    def __init__(
        self,
        following: Mapping[str, Downstream],
        peers: Mapping[str, Mapping[str, Sequence[str]]],
        balancing: Mapping[str, str],
    ) -> None:
        """Prepares the senders.

        Args:
            following: Services to call, with the requests for each one that came in and their size.
            peers: {service: {member: [url, ...]}}, as ROHE_PEERS names the replicas.
            balancing: {service: balancing}, as ROHE_BALANCING has it; `random` where it does not name a service, as
                `Peers` of the reporting library and blueprints have it.
        """
        self._following = following
        self._peers = peers
        self._balancing = balancing
        self._credit = dict.fromkeys(following, 0.0)
        self._turns: dict[tuple[str, ...], int] = {}
        self._lock = threading.Lock()
        self._senders = ThreadPoolExecutor(MAX_SENDERS, "send")
        self._open = threading.local()
        self.lost = 0

    def is_ready(self) -> bool:
        """Checks whether every service and member has a replica that answers."""
        return all(
            any(self._call(url, "GET", {}, 0)[0] == 200 for url in urls)
            for service in self._following
            for urls in self._peers.get(service, {}).values()
        )

    def pass_on(self, request: Request) -> None:
        """Sends the request on as often as the flow requires; returns at once."""
        for service, next_ in self._following.items():
            with self._lock:
                # A rate of 0.5 passes every second request; 1e-9 keeps a sum of thirds from falling short of one.
                self._credit[service] += next_.rate
                times = int(self._credit[service] + 1e-9)
                self._credit[service] -= times
            for _ in range(times):
                for urls in self._peers.get(service, {}).values():
                    self._senders.submit(self._send, service, list(urls), request.name, next_.payload)

    def close(self) -> None:
        """Drops the requests that are not sent yet, and accepts no more."""
        self._senders.shutdown(wait=False, cancel_futures=True)

    def _send(self, service: str, urls: list[str], name: str, payload: int) -> None:
        balancing = self._balancing.get(service, "random")
        with self._lock:
            turn = self._turns.get((service, *urls), 0)
            self._turns[service, *urls] = turn + 1
        start = (random.randrange(len(urls)) if balancing == "random" else turn % len(urls)) if urls else 0
        order = urls[start:] + urls[:start]
        if balancing == "leastBusy":
            queues: list[tuple[int, int, str]] = []
            for url in order:
                status, waiting = self._call(url, "POST", {REQUEST_HEADER: name, ONLY_IDLE_HEADER: "1"}, payload)
                if status == _ACCEPTED:
                    return
                if status == _BUSY:
                    queues.append((waiting, len(queues), url))
            order = [url for _, _, url in sorted(queues)]
        for url in order:
            if self._call(url, "POST", {REQUEST_HEADER: name}, payload)[0] == _ACCEPTED:
                return
        with self._lock:
            self.lost += 1
            lost = self.lost
        if lost % 100 == 1:
            LOG.warning("no replica of %s took request %s; %d lost so far", service, name, lost)

    def _call(self, url: str, method: str, headers: dict[str, str], payload: int) -> tuple[int, int]:
        """Calls a replica with a body of `payload` bytes.

        Returns:
            The HTTP status (0 without an answer) and how many requests wait at the replica.
        """
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
                # A kept connection may have ended since, because the replica was restarted.
                if kept and not isinstance(error, TimeoutError):
                    continue
                return 0, 0
            connections[url] = connection
            try:
                return answer.status, int(json.loads(content)["waiting"])
            except (ValueError, KeyError, TypeError):
                # A real service answers in a form of its own; any success means that it accepted the request.
                return (_ACCEPTED if method == "POST" and answer.status < 300 else answer.status), 0
        return 0, 0


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignores the error: a caller that disconnects is no fault of the stand-in."""


def serve(work_queue: WorkQueue, port: int, new_name: Callable[[], str]) -> ThreadingHTTPServer:
    """Serves a port of 127.0.0.1 on a thread of its own: POST on any path is a request, GET returns the queue's state.

    A request with an identifier is answered at once with 202, with 409 where its sender wants only an idle replica, or
    with 503 where the queue is full. A request without one comes from a real service, and is answered when it is done.

    Args:
        work_queue: Queue of the requests.
        port: Port to listen on; 0 for any free one.
        new_name: Returns an identifier for a request that has none.

    Returns:
        The running server.
    """

    class Exchange(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1
        timeout = 60

        def do_GET(self) -> None:
            self._answer(200)

        def do_POST(self) -> None:
            left = int(self.headers.get("Content-Length") or 0)
            while left > 0 and (chunk := self.rfile.read(min(CHUNK, left))):
                left -= len(chunk)
            name = self.headers.get(REQUEST_HEADER, "")
            request = Request(name or new_name())
            only_idle = bool(self.headers.get(ONLY_IDLE_HEADER))
            if not work_queue.enqueue(request, only_idle=only_idle):
                return self._answer(_BUSY if only_idle else 503)
            if name:
                return self._answer(_ACCEPTED)
            return self._answer(200 if request.done.wait(MAX_HOLD) else 504)

        def _answer(self, status: int) -> None:
            state = {"waiting": work_queue.waiting, "served": work_queue.served, "at": time.time()}
            content = json.dumps(state).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            self.wfile.flush()

        def log_message(self, *_: Any) -> None:
            """Logs nothing: a line for each request would hide all others."""

    server = _Server(("127.0.0.1", port), Exchange)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, name="serve", daemon=True).start()
    return server
