"""Question socket: answers questions from inside the agent's container, on a Unix socket in the folder of its store.

One question a line, as JSON with the key `ask` and what the question takes; its pages come back a line each, as they go
over the broker. Only the agent's own user can connect, and no broker is needed.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOG = logging.getLogger("rohe.agent")

SOCKET = "questions.sock"
"""Name of the socket in the folder of the store."""

LONGEST_QUESTION = 64 * 1024
"""Bytes of one question, at most."""

PATIENCE = 30.0
"""Seconds that a client has to send a question or take a page, and the agent to answer."""

Submit = Callable[[bytes, Callable[[str, bytes], bool]], None]
"""Queues a question with what sends the pages of its answer."""


@contextmanager
def address_in(folder: Path) -> Iterator[str]:
    """Yields a path of the socket that is short enough for the kernel, however long the folder's own is (unix(7))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)


class QuestionSocket:
    """Serves the socket from threads that end with the process."""

    def __init__(self, folder: Path, submit: Submit) -> None:
        """Listens; a file system that has no sockets is said in the log.

        Args:
            folder: Folder of the store.
            submit: Queues a question.
        """
        self._folder = folder
        self._server: _QuestionServer | None = None
        try:
            (folder / SOCKET).unlink(missing_ok=True)
            with address_in(folder) as address:
                self._server = _QuestionServer(address, submit)
            (folder / SOCKET).chmod(0o600)
        except OSError as error:
            LOG.warning("questions are answered over the broker alone: no socket in %s: %s", folder, error.strerror)
            return
        threading.Thread(target=self._server.serve_forever, name="questions", daemon=True).start()

    def close(self) -> None:
        """Stops to listen."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            (self._folder / SOCKET).unlink(missing_ok=True)


class _QuestionServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, address: str, submit: Submit) -> None:
        self.submit = submit
        super().__init__(address, _QuestionConnection)


class _QuestionConnection(socketserver.StreamRequestHandler):
    server: _QuestionServer
    timeout = PATIENCE

    def handle(self) -> None:
        """Answers the questions of one client, one after another, until it closes the connection."""
        with suppress(OSError):
            while line := self.rfile.readline(LONGEST_QUESTION):
                for page in self._pages(line):
                    self.wfile.write(page + b"\n")
                self.wfile.flush()

    def _pages(self, line: bytes) -> Iterator[bytes]:
        try:
            question = json.loads(line)
            content = json.dumps({**question, "id": "socket", "reply": "socket"}).encode()
        except (ValueError, TypeError, RecursionError):
            yield json.dumps({"refused": "this is no question: one JSON object a line"}).encode()
            return
        pages: queue.SimpleQueue[bytes] = queue.SimpleQueue()

        def take(_client: str, page: bytes) -> bool:
            pages.put(page)
            return True

        self.server.submit(content, take)
        while True:
            try:
                page = pages.get(timeout=PATIENCE)
            except queue.Empty:
                yield json.dumps({"refused": "the agent is too busy to answer"}).encode()
                return
            yield page
            if json.loads(page).get("last", True):
                return
