"""Requests to the API server: paths, pages, patience with a busy server, and streams that fall silent."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from lightkube import Client

from rohe_iac.targets.kubernetes import api_server
from rohe_iac.targets.kubernetes.api_server import ApiServer, Kind, SilentConnection
from rohe_iac.targets.kubernetes.cluster import ClusterUnreachable, ObjectRefused, configuration_of
from rohe_iac.targets.kubernetes.object import ClusterObject

PODS = Kind("v1", "Pod", "pods", True, frozenset({"list", "delete"}))
DISCOVERED = {"items": [{"versions": [{"version": "v1", "resources": [
    {"resource": "pods", "responseKind": {"kind": "Pod"}, "scope": "Namespaced", "verbs": ["list", "delete"]},
]}]}]}  # fmt: skip

Answer = Callable[[str, dict[str, list[str]], dict[str, Any]], tuple[int, dict[str, str], Any]]


class Script:
    """An HTTP server on loopback that answers as a test says.

    Attributes:
        answer: Returns code, headers and body by path, query and body of a request.
        silence: Is set to end the silence of a stream; a body of None is one.
    """

    def __init__(self) -> None:
        self.answer: Answer = lambda *_: (200, {}, {})
        self.silence = threading.Event()
        script = self

        class Handler(BaseHTTPRequestHandler):
            def _handle(self) -> None:
                parts = urlsplit(self.path)
                if parts.path in ("/api", "/apis"):
                    code, headers, body = 200, {}, DISCOVERED if parts.path == "/api" else {"items": []}
                else:
                    sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                    code, headers, body = script.answer(parts.path, parse_qs(parts.query), json.loads(sent or b"{}"))
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                if body is None:
                    self.wfile.write(b"one\n")
                    self.wfile.flush()
                    script.silence.wait(60)
                else:
                    self.wfile.write(json.dumps(body).encode())

            do_GET = do_DELETE = _handle

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Ends the server."""
        self.silence.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def script() -> Iterator[Script]:
    """Yields a server."""
    script = Script()
    yield script
    script.close()


@pytest.fixture
def server(script: Script, tmp_path: Path) -> ApiServer:
    """Returns the API server that the script plays."""
    path = tmp_path / "config"
    entry = {"name": "c", "context": {"cluster": "c", "user": "c"}}
    address = f"http://127.0.0.1:{script.server.server_address[1]}"
    clusters = [{"name": "c", "cluster": {"server": address}}]
    value = {"current-context": "c", "clusters": clusters, "contexts": [entry], "users": [{"name": "c", "user": {}}]}
    path.write_text(yaml.safe_dump(value))
    return ApiServer(Client(config=configuration_of(None, (path,))))


def test_the_path_of_an_object_has_its_group_and_its_namespace() -> None:
    deployment = Kind("apps/v1", "Deployment", "deployments", True, frozenset())
    node = Kind("v1", "Node", "nodes", False, frozenset())
    assert deployment.path("edge", "back-0") == "/apis/apps/v1/namespaces/edge/deployments/back-0"
    assert deployment.path("") == "/apis/apps/v1/deployments"
    assert node.path("edge", "n") == "/api/v1/nodes/n"


def test_a_list_in_pages_is_whole(script: Script, server: ApiServer) -> None:
    def answer(_path: str, query: dict[str, list[str]], _body: Any) -> tuple[int, dict[str, str], Any]:
        page = int(query.get("continue", ["0"])[0])
        more = {"continue": str(page + 1)} if page < 2 else {}
        return 200, {}, {"metadata": more, "items": [{"metadata": {"name": f"p-{page}"}}]}

    script.answer = answer
    assert [found.name for found in server.list(PODS, "edge")] == ["p-0", "p-1", "p-2"]


@pytest.mark.parametrize("after", ["0", "Wed, 21 Oct 2026 07:28:00 GMT", ""])
def test_a_busy_server_is_asked_again(
    script: Script, server: ApiServer, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(api_server.time, "sleep", waited.append)
    busy = [(429, {"Retry-After": after}, {"code": 429, "message": "too many requests"})] * 2
    script.answer = lambda *_: busy.pop() if busy else (200, {}, {"metadata": {}, "items": []})
    assert list(server.list(PODS, "edge")) == []
    assert waited == [0.0 if after == "0" else 1.0] * 2


def test_a_server_that_stays_busy_is_out_of_reach(
    script: Script, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_server.time, "sleep", lambda _: None)
    script.answer = lambda *_: (429, {}, {"kind": "Status", "code": 429, "message": "too many requests"})
    with pytest.raises(ClusterUnreachable, match="cannot serve now"):
        list(server.list(PODS, "edge"))


def test_only_the_object_that_was_found_is_deleted(script: Script, server: ApiServer) -> None:
    sent: list[dict[str, Any]] = []

    def answer(_path: str, _query: Any, body: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        sent.append(body)
        return 409, {}, {"kind": "Status", "code": 409, "message": "the UID in the precondition is another"}

    script.answer = answer
    found = ClusterObject({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "e", "uid": "u"}})
    server.delete(found, grace=0)
    assert sent == [{"propagationPolicy": "Background", "preconditions": {"uid": "u"}, "gracePeriodSeconds": 0}]


def test_a_stream_that_falls_silent_counts_as_lost(script: Script, server: ApiServer) -> None:
    script.answer = lambda *_: (200, {}, None)
    lines = server.lines("/api/v1/pods", {}, follow=True, silence=0.2)
    assert next(lines) == "one"
    with pytest.raises(SilentConnection):
        next(lines)


def test_a_stream_that_is_refused_has_the_words_of_the_server(script: Script, server: ApiServer) -> None:
    script.answer = lambda *_: (400, {}, {"kind": "Status", "code": 400, "message": "ContainerCreating"})
    with pytest.raises(ObjectRefused) as refused:
        list(server.lines("/api/v1/pods", {}, follow=True))
    assert refused.value.words == "ContainerCreating"
