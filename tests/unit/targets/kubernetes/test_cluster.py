"""The cluster of a context: kubeconfig files as kubectl merges them, and every failure in words (exit code 10)."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from lightkube import Client
from lightkube.resources.core_v1 import Namespace

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.targets.kubernetes.api_server import ApiServer, Kind
from rohe_iac.targets.kubernetes.cluster import (
    ClusterRefused,
    ClusterUnreachable,
    NoCluster,
    ObjectRefused,
    cluster_errors,
    configuration_of,
    kubeconfig_files,
    open_cluster,
)


def _file(folder: Path, name: str, contexts: dict[str, str], current: str = "", **user: Any) -> Path:
    path = folder / name
    value = {
        "current-context": current,
        "clusters": [{"name": key, "cluster": {"server": server}} for key, server in contexts.items()],
        "contexts": [{"name": key, "context": {"cluster": key, "user": "u"}} for key in contexts],
        "users": [{"name": "u", "user": user}],
    }
    path.write_text(yaml.safe_dump(value))
    return path


def test_files_are_those_of_the_variable_that_exist(tmp_path: Path) -> None:
    one = _file(tmp_path, "one", {})
    assert kubeconfig_files({"KUBECONFIG": f"{one}:{tmp_path / 'absent'}:"}) == (one,)


def test_the_first_of_two_entries_counts_and_so_does_the_first_current_context(tmp_path: Path) -> None:
    one = _file(tmp_path, "one", {"edge": "https://one"})
    two = _file(tmp_path, "two", {"edge": "https://two", "lab": "https://lab"}, "lab")
    assert configuration_of("edge", (one, two)).cluster.server == "https://one"
    assert configuration_of(None, (one, two)).cluster.server == "https://lab"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot be read"),
        ("[1]", "cannot be read"),
        ("clusters: [{name: 1}]", "cannot be read"),
        ("\x00", "cannot be read"),
        ("contexts: []", "has no context far"),
        ("contexts: [{name: far, context: {cluster: x}}]", "which"),
    ],
)
def test_a_kubeconfig_that_says_nothing_of_the_context_is_told(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(NoCluster, match=words) as caught:
        configuration_of("far", (path,))
    assert caught.value.hint
    assert caught.value.exit_code == ExitCode.UNREACHABLE


def test_a_kubeconfig_that_is_no_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    with pytest.raises(NoCluster, match="no kubeconfig") as raised:
        configuration_of("edge", ())
    assert str(tmp_path / "absent") in raised.value.detail


def test_no_kubeconfig_at_all_says_how_to_get_one() -> None:
    with pytest.raises(NoCluster, match="there is no kubeconfig"):
        configuration_of(None, ())


def test_an_exec_plugin_of_v1_gives_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "sh",
        "args": ["-c", 'test -n "$KUBERNETES_EXEC_INFO" && echo \'{"status": {"token": "t0"}}\''],
        "interactiveMode": "Never",
    }
    path = _file(tmp_path, "config", {"edge": "http://127.0.0.1:9"}, "edge", exec=plugin)
    seen: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers["Authorization"])
        return httpx2.Response(200, json={"kind": "NamespaceList", "items": [], "metadata": {}})

    client = Client(config=configuration_of(None, (path,)), transport=httpx2.MockTransport(answer))
    assert list(client.list(Namespace)) == []
    assert seen == ["Bearer t0"]


def _answering(answer: httpx2.Response) -> Client:
    transport = httpx2.MockTransport(lambda request: answer)
    return Client(config=configuration_of("edge", (_CONFIG,)), transport=transport)


def _client(code: int, reason: str, message: str) -> Client:
    body = {"kind": "Status", "apiVersion": "v1", "code": code, "reason": reason, "message": message}
    return _answering(httpx2.Response(code, json=body))


_CONFIG = Path("/dev/null")


@pytest.fixture(autouse=True)
def _kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _file(tmp_path, "kubeconfig", {"edge": "https://cluster:6443"}, token="secret-token")
    monkeypatch.setattr(f"{__name__}._CONFIG", path)


@pytest.mark.parametrize(
    ("code", "reason", "message", "expected"),
    [
        (401, "Unauthorized", "Unauthorized", ClusterRefused),
        (403, "Forbidden", 'namespaces is forbidden: User "x" cannot list resource', ClusterRefused),
        (403, "Forbidden", 'pods "a" is forbidden: exceeded quota: small', ObjectRefused),
        (403, "Forbidden", "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no", ObjectRefused),
        (403, "Forbidden", 'pods "a" is forbidden: maximum cpu usage per Container is 1', ObjectRefused),
        (
            403,
            "Forbidden",
            'pods "a" is forbidden: the namespace is being terminated',
            ObjectRefused,
        ),
        (403, "Forbidden", 'roles "r" is forbidden: user "x" is attempting to grant RBAC permissions', ClusterRefused),
        (404, "NotFound", "gone", ObjectRefused),
        (409, "Conflict", "changed", ObjectRefused),
        (422, "Invalid", "bad", ObjectRefused),
        (429, "TooManyRequests", "slow down", ClusterUnreachable),
        (503, "ServiceUnavailable", "etcd", ClusterUnreachable),
    ],
)
def test_answers_of_the_server(code: int, reason: str, message: str, expected: type[Exception]) -> None:
    client = _client(code, reason, message)
    with pytest.raises(expected) as caught, cluster_errors(client):
        list(client.list(Namespace))
    assert isinstance(caught.value, RoheError)
    assert caught.value.exit_code in (ExitCode.PARTIAL, ExitCode.UNREACHABLE)
    assert message in caught.value.detail
    assert "secret-token" not in f"{caught.value.brief}{caught.value.detail}{caught.value.hint}"


ODD_ANSWERS = {
    "a login page": httpx2.Response(200, html="<html>log in</html>"),
    "no object": httpx2.Response(200, json=["a"]),
    "nothing": httpx2.Response(200),
    "another form": httpx2.Response(200, json={"items": 3, "metadata": None}),
    "a redirect": httpx2.Response(302, headers={"Location": "https://login.example"}),
}


@pytest.mark.parametrize("name", ODD_ANSWERS)
def test_what_is_no_api_server_is_said_to_be_out_of_reach(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = _answering(ODD_ANSWERS[name])
    with pytest.raises(ClusterUnreachable) as caught, cluster_errors(client):
        list(client.list(Namespace))
    assert caught.value.hint
    server = ApiServer(client)
    transport = httpx2.MockTransport(lambda request: ODD_ANSWERS[name])
    monkeypatch.setattr(server, "_http", httpx2.Client(base_url="https://cluster:6443", transport=transport))
    with pytest.raises(ClusterUnreachable):
        _ = server.kinds
    with pytest.raises(ClusterUnreachable):
        list(server.list(Kind("v1", "Pod", "pods", True, frozenset()), "edge"))


@pytest.mark.parametrize(
    "answer", [httpx2.Response(403), httpx2.Response(403, text="no"), httpx2.Response(403, json=[1])]
)
def test_a_refusal_without_a_status_has_the_words_of_its_code(answer: httpx2.Response) -> None:
    client = _answering(answer)
    with pytest.raises(RoheError) as caught, cluster_errors(client):
        list(client.list(Namespace))
    assert caught.value.exit_code in (ExitCode.PARTIAL, ExitCode.UNREACHABLE)


def test_a_server_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    path = _file(tmp_path, "config", {"edge": f"http://127.0.0.1:{port}"}, "edge")
    monkeypatch.setenv("KUBECONFIG", str(path))
    client = open_cluster(None, "default")
    with pytest.raises(ClusterUnreachable, match="does not answer"), cluster_errors(client):
        list(client.list(Namespace))


def test_a_certificate_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _file(tmp_path, "config", {"edge": "https://127.0.0.1:1"}, "edge")
    value = yaml.safe_load(path.read_text())
    value["clusters"][0]["cluster"]["certificate-authority"] = "absent.crt"
    path.write_text(yaml.safe_dump(value))
    monkeypatch.setenv("KUBECONFIG", str(path))
    with pytest.raises(NoCluster, match="cannot be used"):
        open_cluster(None, "default")


_REFUSALS = """
import sys, threading
from lightkube.models.meta_v1 import Status
from rohe_iac.targets.kubernetes.cluster import open_cluster

open_cluster(None, "default")
sys.setswitchinterval(1e-6)
together = threading.Barrier(16)

def read():
    together.wait()
    for _ in range(50):
        Status.from_dict({"message": "no", "details": {"causes": [{"message": "why"}]}}).to_dict()

threads = [threading.Thread(target=read) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_that_meet_their_first_refusal_at_once_do_not_crash_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(_file(tmp_path, "config", {"edge": "http://127.0.0.1:9"}, "edge")))
    # Without the class read ahead, one of two processes crashes on an idle machine.
    for _ in range(4):
        ended = subprocess.run([sys.executable, "-c", _REFUSALS], capture_output=True, check=False)
        assert ended.returncode == 0, ended.stderr
