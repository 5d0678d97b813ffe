"""What `rohe apply` to a cluster takes, against `kubectl` and a bare Pulumi program with the same manifests.

The control plane is real and of this run alone, its nodes are simulated (kwok). Every command is a process of its own,
start of Python and of the engine included. The processor time is that of the command and all processes that it started,
not of the control plane; it means something on a busy machine too, the wall time only on one at rest. The load of the
machine, averaged over the last minute, is printed beside both. A command of the baseline that does not end within LIMIT
seconds is ended, and its case has no ratio.

`bench_kubernetes.py [SERVICES] [MANIFESTS] [REPLICAS]`: sizes of the cases, 40, 1000 and 300 by default.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rohe_iac.trial_cluster.control_plane import ControlPlane
from rohe_iac.trial_cluster.files import CONTEXT, ControlPlaneFiles
from rohe_iac.trial_cluster.nodes import simulated_node
from rohe_iac.trial_cluster.programs import ClusterPrograms

ROHE = str(Path(sys.executable).parent / "rohe")
BARE = str(Path(__file__).parent / "bare_program.py")
NODES = 20

LIMIT = 600.0
"""Seconds that a command of the baseline may take."""


@dataclass(frozen=True)
class Taken:
    """What one command took: wall and processor seconds, and the most memory of its own process in MiB.

    Attributes:
        ended: Whether it ended by itself.
    """

    wall: float
    processor: float
    memory: float
    ended: bool = True

    def __str__(self) -> str:
        if not self.ended:
            return f"not ended within {LIMIT:.0f} s"
        return f"{self.wall:6.1f} s wall, {self.processor:6.1f} s of processor time, {self.memory:4.0f} MB"


def run(*commands: list[str], environment: dict[str, str], limit: float | None = None) -> Taken:
    """Runs commands one after the other; the memory is that of the largest one's own process, without its children.

    Each is ended with all that it started after `limit` seconds.
    """
    wall = processor = memory = 0.0
    for command in commands:
        with tempfile.TemporaryFile() as output:
            start = time.perf_counter()
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=limit is not None,
            )
            peak = PeakMemory(child.pid)
            late = threading.Event()
            timer = _end_later(child.pid, limit, late) if limit is not None else None
            _, status, used = os.wait4(child.pid, 0)
            if timer is not None:
                timer.cancel()
            wall += time.perf_counter() - start
            processor += used.ru_utime + used.ru_stime
            memory = max(memory, peak.end())
            if late.is_set():
                return Taken(wall, processor, memory, ended=False)
            if status != 0:
                output.seek(0)
                raise SystemExit(f"{' '.join(command)} ended with {status}:\n{output.read().decode()[-3000:]}")
    return Taken(wall, processor, memory)


def _end_later(group: int, seconds: float, late: threading.Event) -> threading.Timer:
    def end() -> None:
        late.set()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    return timer


class PeakMemory(threading.Thread):
    """Reads the most resident memory that a process has had so far, as the kernel counts it."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._path = Path("/proc", str(pid), "status")
        self._ended = threading.Event()
        self._peak = 0.0
        self.start()

    def run(self) -> None:
        while not self._ended.wait(0.2):
            try:
                lines = self._path.read_text().splitlines()
            except OSError:
                return
            self._peak = next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), self._peak)

    def end(self) -> float:
        """Returns the peak in MB of 2**20 bytes."""
        self._ended.set()
        self.join()
        return self._peak


class Stack:
    """A stack of equal services, one Deployment and one Service each, in a namespace of its own."""

    def __init__(self, folder: Path, name: str, plane: ControlPlane) -> None:
        self.root, self.name = folder / name, name
        self.environment = {
            **os.environ,
            "KUBECONFIG": str(plane.files.kubeconfig),
            "XDG_STATE_HOME": str(folder / f"{name}-state"),
        }

    def write(self, services: int, *, replicas: int = 1, changed: bool = False) -> None:
        """Writes the blueprint; changed: the first service has another image."""
        ports = [{"name": "http"}]
        listed: list[dict[str, Any]] = [
            {
                "name": f"s{number:03d}",
                "image": f"registry.example/service:{2 if changed and number == 0 else 1}",
                "command": ["serve"],
                "ports": ports,
                "requests": {"cpu": "20m", "memory": {"rss": "16Mi"}},
                "replicas": replicas,
            }
            for number in range(services)
        ]
        nodes = [{"name": f"bench-{n}", "cpu": 64, "memory": {"rss": "256Gi"}} for n in range(NODES)]
        target = {"kubernetes": {"context": CONTEXT, "namespace": self.name}}
        specs: dict[tuple[str, str], dict[str, Any]] = {
            ("Inventory", "edge"): {"nodes": nodes},
            ("Pipeline", "bench"): {"services": listed},
            ("Stack", self.name): {"pipelines": ["bench"], "inventory": "edge", "target": target},
        }
        documents = [
            {"apiVersion": "rohe.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
            for (kind, name), spec in specs.items()
        ]
        (self.root / "blueprints").mkdir(parents=True, exist_ok=True)
        (self.root / "rohe.yaml").write_text("project: bench\n")
        (self.root / "blueprints" / "all.yaml").write_text(yaml.safe_dump_all(documents))

    def command(self, *words: str) -> list[str]:
        """Returns a command of rohe on this stack."""
        return [ROHE, "-C", str(self.root), *words]

    def apply(self) -> Taken:
        """Plans and applies; a changed replica may be interrupted."""
        return run(self.command("apply", "--yes", "--allow-interruption"), environment=self.environment)

    def render(self) -> Path:
        """Returns a folder with the manifests."""
        folder = self.root / "manifests"
        shutil.rmtree(folder, ignore_errors=True)
        run(self.command("render", "--out", str(folder)), environment=self.environment)
        # kubectl would take the list of rendered files for an object.
        for path in folder.glob(".*.json"):
            path.unlink()
        return folder


def compare(title: str, own: Taken, other: Taken, baseline: str) -> None:
    """Prints a command of rohe beside its baseline."""
    print(f"  {title:<34} rohe apply      {own}")
    print(f"  {'':<34} {baseline:<15} {other}")
    if not other.ended:
        return
    wall, spent = own.wall / other.wall, own.processor / max(other.processor, 0.01)
    print(
        f"  {'':<34} ratio           {wall:6.2f} wall, {spent:6.2f} of processor time (load {os.getloadavg()[0]:.1f})",
        flush=True,
    )


def main(services: int, manifests: int, replicas: int) -> None:
    """Prints all figures."""
    programs = ClusterPrograms.cached()
    kubectl = str(programs.kubernetes / "kubectl")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plane = ControlPlane(ControlPlaneFiles(folder / "plane"))
        plane.start(programs, owner=os.getpid())
        try:
            plane.create(simulated_node(f"bench-{n}", cpu="64", memory="256Gi", pods="2000") for n in range(NODES))
            print(f"apply to a cluster: {NODES} simulated nodes, one run each, {os.cpu_count()} processors", flush=True)
            awaited(Stack(folder, "awaited", plane), services, kubectl)
            scaled(Stack(folder, "scaled", plane), replicas, kubectl)
            many(folder, plane, manifests, kubectl)
        finally:
            plane.stop()


def awaited(stack: Stack, services: int, kubectl: str) -> None:
    """Services from nothing to ready, against kubectl in the same namespace, which is empty again before."""
    stack.write(services)
    files = str(stack.render())
    wait = [kubectl, "wait", "-n", stack.name, "--for=condition=Available", "deployment", "--all", "--timeout=600s"]
    delete = [kubectl, "delete", "namespace", stack.name, "--ignore-not-found"]
    # Objects of the namespace are applied in a second pass, where it had to be made first.
    namespace = [kubectl, "create", "namespace", stack.name]
    run(namespace, environment=stack.environment)
    other = run([kubectl, "apply", "-R", "-f", files], wait, environment=stack.environment)
    run(delete, environment=stack.environment)
    own = stack.apply()
    compare(f"{services} services, awaited", own, other, "kubectl")
    run(stack.command("destroy", "--yes"), environment=stack.environment)


def many(folder: Path, plane: ControlPlane, manifests: int, kubectl: str) -> None:
    """Many manifests up, unchanged, and with one changed, against a program that has nothing but them."""
    stack = Stack(folder, "many", plane)
    services = services_for(stack, manifests)
    bare = [sys.executable, BARE, str(stack.root / "manifests"), str(folder / "bare"), CONTEXT, stack.name]
    others: dict[str, Taken] = {}
    for title in ("up", "unchanged", "one changed"):
        stack.write(services, changed=title == "one changed")
        stack.render()
        others[title] = run(bare, environment=stack.environment, limit=LIMIT)
        print(f"  bare program, {title}: {others[title]}", flush=True)
    run([kubectl, "delete", "namespace", stack.name, "--ignore-not-found"], environment=stack.environment)
    count = len(list((stack.root / "manifests").rglob("*.yaml")))
    most = 0.0
    for title, other in others.items():
        stack.write(services, changed=title == "one changed")
        own = stack.apply()
        most = max(most, own.memory)
        compare(f"{count} manifests, {title}", own, other, "bare program")
    print(f"  {'':<34} most memory of rohe's own process: {most:.0f} MB", flush=True)
    run(stack.command("destroy", "--yes"), environment=stack.environment)


def services_for(stack: Stack, manifests: int) -> int:
    """Returns how many services make so many manifests."""
    counts = []
    for services in (5, 10):
        stack.write(services)
        counts.append(len(list(stack.render().rglob("*.yaml"))))
    each = (counts[1] - counts[0]) // 5
    return max(1, (manifests - counts[0] + 5 * each) // each)


def scaled(stack: Stack, replicas: int, kubectl: str) -> None:
    """Replicas to ten and back, each a Deployment of its own, against the replicas of one Deployment."""
    few = min(10, replicas)
    namespace = f"{stack.name}-kubectl"
    run([kubectl, "create", "namespace", namespace], environment=stack.environment)
    create = [kubectl, "create", "deployment", "all", "-n", namespace, "--image=registry.example/service:1"]
    wait = [kubectl, "rollout", "status", "deployment/all", "-n", namespace, "--timeout=600s"]
    run([*create, f"--replicas={replicas}"], wait, environment=stack.environment)
    stack.write(1, replicas=replicas)
    stack.apply()
    for count in (few, replicas):
        other = run(
            [kubectl, "scale", "deployment/all", "-n", namespace, f"--replicas={count}"],
            wait,
            environment=stack.environment,
        )
        stack.write(1, replicas=count)
        compare(f"{replicas} replicas, scaled to {count}", stack.apply(), other, "kubectl scale")
    run(stack.command("destroy", "--yes"), environment=stack.environment)


if __name__ == "__main__":
    sizes = [int(word) for word in sys.argv[1:]] + [40, 1000, 300][len(sys.argv) - 1 :]
    main(*sizes)
