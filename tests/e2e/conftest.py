"""Fixtures: a stack of hand-made manifests, and a blueprint with the commands of a user; both with the real engine."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from waiting import until

from rohe_iac.deployment.engine.find import Engine, find_engine
from rohe_iac.deployment.run.outcome import Outcome
from rohe_iac.deployment.run.workspace import EngineFolder
from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.targets.local.supervisor.processes import kill_marked, marked_processes, port_is_free, processes_in
from rohe_iac.targets.local.supervisor.settings import DAEMONS
from rohe_iac.targets.local.target import LocalDeploymentTarget

SERVER = """
import http.server, os, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ.get('ROHE_INSTANCE', '').encode())
    def log_message(self, *args): pass
print('listening', flush=True)
http.server.ThreadingHTTPServer(('127.0.0.1', int(os.environ['ROHE_PORT_HTTP'])), Page).serve_forever()
"""
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
# Below the ports that the system gives to outgoing connections, and apart for tests that run side by side.
_ports = count(12000 + 300 * ((os.getpid() + 31 * _worker) % 60))


@pytest.fixture(scope="session")
def engine() -> Engine:
    """Returns the engine found on this machine; tests that need one are skipped where there is none."""
    try:
        return find_engine(install=False)
    except RoheError as error:
        pytest.skip(f"no Pulumi engine: {error.brief}")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns a state folder that only this test uses."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@dataclass
class Quiet:
    """A Progress that records what is reported to it."""

    begun: list[tuple[str, str]] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def on_begin(self, verb: str, address: str) -> None:
        self.begun.append((verb, address))

    def on_end(self, verb: str, address: str, seconds: float) -> None: ...

    def on_failure(self, verb: str, address: str, reason: str) -> None:
        self.reasons[address] = reason

    def on_wait(self, address: str, words: str) -> None: ...

    def on_note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def quiet() -> Quiet:
    """Returns a Progress that only this test uses."""
    return Quiet()


Spec = dict[str, object]


def _manifest(kind: str, name: str, address: str, spec: Spec, needed: tuple[str, ...], inner: str) -> Manifest:
    document = {
        "apiVersion": "local.rohe.dev/v1",
        "kind": kind,
        "metadata": {"name": inner, "stack": "desk", "address": address},
        "spec": spec,
    }
    return Manifest(name, kind, address, yaml.safe_dump(document), needed)


SUPERVISOR = _manifest("Supervisor", "supervisor", "stack/desk", {}, (), "supervisor")


@dataclass
class Bench:
    """One stack with its folder and target, and the means to deploy and query it."""

    engine: Engine
    folder: StackFolder
    root: Path

    @property
    def target(self) -> LocalDeploymentTarget:
        return LocalDeploymentTarget(self.folder, self.root)

    def another(self, stack: str) -> Bench:
        return Bench(self.engine, StackFolder.of("tests", stack).ensure(), self.root)

    def port(self) -> int:
        """Returns a port that nobody listens on, below those that the system gives to outgoing connections."""
        return next(port for port in _ports if port_is_free(port))

    def process(
        self,
        name: str,
        port: int,
        command: list[str] | None = None,
        needed: tuple[str, ...] = (),
        **spec: object,
    ) -> Manifest:
        """Returns the manifest of a replica that answers HTTP with its own name, or runs another command."""
        service, _, index = name.rpartition("-")
        wanted: dict[str, object] = {
            "command": command or ["python", "-c", SERVER],
            "workingDirectory": ".",
            "environment": {"ROHE_INSTANCE": name, "ROHE_PORT_HTTP": str(port)},
            "paths": {"ROHE_OUTBOX": f"outboxes/{name}"},
            "ports": {"http": port},
            "readiness": {"http": {"path": "/", "port": "http"}},
            "startup": 20,
            **spec,
        }
        address = f"replica/desk:{service}/{index}"
        return _manifest("Process", f"process-{name}", address, wanted, ("supervisor", *needed), name)

    def credential(self, client: str, publish: list[str], subscribe: list[str]) -> Manifest:
        spec: dict[str, object] = {"client": client, "publish": publish, "subscribe": subscribe}
        name = f"credential-{client}"
        return _manifest("Credential", name, f"credential/{client}", spec, ("supervisor",), name)

    def broker(self, mqtt: int, nats: int, credentials: list[Manifest], server: str = "nats") -> Manifest:
        users = [credential.name.removeprefix("credential-") for credential in credentials]
        spec: dict[str, object] = {"ports": {"mqtt": mqtt, "nats": nats}, "users": users, "server": server}
        needed = ("supervisor", *(credential.name for credential in credentials))
        return _manifest("Broker", "broker", "broker/broker", spec, needed, "broker")

    def up(self, *manifests: Manifest, progress: Quiet | None = None) -> Outcome:
        return self._deployer().up([SUPERVISOR, *manifests], progress or Quiet())

    def faults(self, *manifests: Manifest) -> tuple[str, ...]:
        return tuple(self.target.faults([SUPERVISOR, *manifests]))

    def down(self) -> Outcome:
        outcome = self._deployer().down(Quiet(), {}, timeout=120)
        self.target.end(timeout=60)
        return outcome

    def _deployer(self) -> Any:
        from rohe_iac.deployment.run.deployer import Deployer

        return Deployer(self.engine, EngineFolder(self.folder, "tests", self.folder.path.name), self.target)

    def pid(self, instance: str) -> int:
        return next((int(live.where or 0) for live in self.target.live() if live.instance == instance), 0)

    def state(self, instance: str) -> str:
        return next((live.state for live in self.target.live() if live.instance == instance), "")

    def supervisor(self) -> int:
        return int((self.folder.run / "supervisord.pid").read_text())

    def processes(self) -> set[int]:
        """Returns the ids of every process of the stack's programs, children included."""
        return set(marked_processes(self.folder.run / "programs"))

    def answer(self, port: int) -> str:
        """Returns the name that the replica on the port answers with, or "" without an answer."""
        try:
            with socket.create_connection(("127.0.0.1", port), 2.0) as connection:
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                content = b""
                while block := connection.recv(4096):
                    content += block
            return content.rsplit(b"\r\n\r\n", 1)[-1].decode()
        except OSError:
            return ""

    def until(self, condition: Callable[[], object], patience: float = 15.0) -> bool:
        """Returns whether the condition came to hold within `patience` seconds."""
        return until(condition, patience)

    def clear(self) -> None:
        self.target.end(timeout=60)
        kill_marked(self.folder.run / "programs")


@pytest.fixture
def bench(engine: Engine, state: Path, tmp_path: Path) -> Iterator[Bench]:
    """Yields a stack that only this test uses, and ends whatever the test leaves."""
    bench = Bench(engine, StackFolder.of("tests", "desk").ensure(), tmp_path)
    yield bench
    bench.clear()


BLUEPRINT = """
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: here}
spec:
  nodes: [{name: one, arch: amd64, cpu: 8, memory: {rss: 8Gi}}]
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: pages}
spec:
  load: 1/s
  services:
    - name: web
      command: [COMMAND]
      ports: [{name: http}]
      replicas: REPLICAS
      health: {readiness: {http: {path: /, port: http}}, startup: 60s}
      requests: {cpu: 100m, memory: {rss: 32Mi}}
      REPORTS
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: desk}
spec:
  pipelines: [pages]
  inventory: here
  target: {local: {ports: FIRST-LAST}}
  protect: [PROTECT]
"""


@dataclass(frozen=True)
class Answered:
    """The output of a command and its exit code."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """The JSON that the command printed, which is valid by the schema that it names."""
        value = json.loads(self.out)
        if isinstance(value, dict):
            form = value["schema"].split("/")[1]
            schema = Path(__file__).parents[2] / "docs" / "schemas" / "output" / f"{form}.json"
            jsonschema.Draft202012Validator(json.loads(schema.read_text())).validate(value)
        return value


@dataclass
class Repository:
    """A blueprint repository that only one test uses, and the commands that a user types in it."""

    root: Path
    home: Path
    first: int

    def write(
        self, *, replicas: int = 1, command: str = "python, -m, server", protect: str = "", reports: str = "reports: {}"
    ) -> None:
        (self.root / "blueprints").mkdir(parents=True, exist_ok=True)
        (self.root / "rohe.yaml").write_text("project: bench\n")
        (self.root / "server.py").write_text(SERVER)
        words = {"COMMAND": command, "REPLICAS": str(replicas), "PROTECT": protect, "REPORTS": reports}
        text = BLUEPRINT.replace("FIRST-LAST", f"{self.first}-{self.first + 9}")
        for word, value in words.items():
            text = text.replace(word, value)
        (self.root / "blueprints" / "all.yaml").write_text(text)

    @property
    def folder(self) -> StackFolder:
        return StackFolder(self.home / "state" / "rohe" / "bench" / "desk")

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "XDG_STATE_HOME": str(self.home / "state")}

    def start(self, *words: str) -> subprocess.Popen[str]:
        rohe = str(Path(sys.executable).parent / "rohe")
        return subprocess.Popen(
            [rohe, *words],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> Answered:
        process = self.start(*words)
        out, err = process.communicate(timeout=240)
        return Answered(process.returncode, out, err)

    @property
    def target(self) -> LocalDeploymentTarget:
        return LocalDeploymentTarget(self.folder, self.root)

    def engines(self) -> list[int]:
        """Returns the ids of engines and providers of this stack: their environment has the engine's folder."""
        found = []
        for entry in filter(str.isdecimal, os.listdir("/proc")):
            try:
                content = Path("/proc", entry, "environ").read_bytes()
            except OSError:
                continue
            if f"PULUMI_HOME={self.folder.engine}".encode() in content:
                found.append(int(entry))
        return found

    def supervisors(self) -> list[int]:
        return processes_in(self.folder.run, DAEMONS)

    def processes(self) -> dict[int, str]:
        return marked_processes(self.folder.run / "programs")

    def forget(self) -> None:
        """Ends everything and removes the state, without the engine."""
        self.target.end(timeout=60)
        kill_marked(self.folder.run / "programs")
        shutil.rmtree(self.folder.path, ignore_errors=True)


@pytest.fixture
def repository(engine: Engine, tmp_path: Path) -> Iterator[Repository]:
    """Yields a blueprint of one service with a broker and an agent, and ends whatever the test leaves."""
    first = next(_ports)
    while not all(port_is_free(port) for port in range(first, first + 20)):
        first = next(_ports)
    for _ in range(20):
        next(_ports)
    repository = Repository(tmp_path / "repository", tmp_path, first)
    repository.write()
    yield repository
    repository.forget()
