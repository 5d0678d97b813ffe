"""The blueprint of the cameras, and the commands of a user on it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from shared_cluster import Cluster

NAMES = ("camera", "detect", "store", "alone")
"""The services that are there where a test does not leave them out."""

EMPTY: dict[str, Any] = {}
"""The fields of a service that is plain."""

BROKEN = "registry.invalid/absent:1"
"""An image that no simulated node can pull."""


@dataclass
class Cameras:
    """A stack `cams` in which `camera` calls `detect`, `detect` calls `store`, and `alone` calls nobody.

    Attributes:
        cluster: The cluster.
        folder: A folder for the blueprint and the state.
        namespace: The stack's namespace, which is absent at first.
        nodes: Names of the nodes.
        services: Fields of services that differ from the plain ones, by service; None for one that is left out.
        of_nodes: Fields of nodes in the inventory, by node.
        target: More fields of the target.
        stack: More fields of the Stack.
        observed: Whether a contract observes `detect`, so that there are a broker, an agent and claims.
    """

    cluster: Cluster
    folder: Path
    namespace: str
    nodes: tuple[str, ...]
    services: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    of_nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    target: dict[str, Any] = field(default_factory=dict)
    stack: dict[str, Any] = field(default_factory=dict)
    observed: bool = False

    def write(self, **services: dict[str, Any] | None) -> None:
        """Writes the blueprint.

        services: fields of services that differ from now on.
        """
        self.services |= services
        plain = {"requests": {"cpu": "100m", "memory": {"rss": "16Mi"}}}
        listed = [
            {"name": name, "image": f"registry.example/{name}:1", **plain, **fields}
            for name, fields in {**dict.fromkeys(NAMES, EMPTY), **self.services}.items()
            if fields is not None
        ]
        nodes = [
            {"name": name, "cpu": "4", "memory": {"rss": "8Gi"}, **self.of_nodes.get(name, {})} for name in self.nodes
        ]
        flow = [{"from": "camera", "to": "detect"}, {"from": "detect", "to": "store"}]
        target = {"context": self.cluster.context, "namespace": self.namespace, **self.target}
        specs: dict[tuple[str, str], dict[str, Any]] = {
            ("Inventory", "edge"): {"nodes": nodes},
            ("Pipeline", "cams"): {"services": listed, "flow": flow},
            ("Stack", "cams"): {"pipelines": ["cams"], "inventory": "edge", "target": {"kubernetes": target}},
        }
        specs["Stack", "cams"] |= self.stack
        if self.observed:
            objective = {"metric": "confidence", "operator": ">", "value": "60%", "window": {"size": "5m"}}
            specs["ObservationContract", "sure"] = {"pipeline": "cams", "objectives": [objective]}
            specs["Stack", "cams"]["contracts"] = ["sure"]
        documents = [
            {"apiVersion": "rohe.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
            for (kind, name), spec in specs.items()
        ]
        (self.folder / "rohe.yaml").write_text(f"project: {self.namespace}\n")
        (self.folder / "all.yaml").write_text(yaml.safe_dump_all(documents))

    def run(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end, which must have the exit code."""
        started = self.start(*words)
        stdout, stderr = started.communicate(timeout=240)
        done = subprocess.CompletedProcess(words, started.returncode, stdout, stderr)
        assert done.returncode == code, f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Starts a command."""
        return subprocess.Popen(
            [str(Path(sys.executable).parent / "rohe"), *words],
            cwd=self.folder,
            env={**self.cluster.environment, "XDG_STATE_HOME": str(self.folder / "state")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def apply(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Applies the blueprint and returns the outcome."""
        value: dict[str, Any] = json.loads(self.run("apply", "--yes", "-o", "json", *words, code=code).stdout)
        return value

    def parts(self) -> list[dict[str, Any]]:
        """Returns the parts that `rohe status` shows."""
        found: list[dict[str, Any]] = json.loads(self.run("status", "-o", "json").stdout)["parts"]
        return found

    def states(self) -> dict[str, str]:
        """Returns the state of each part that `rohe status` shows, by instance."""
        return {part["instance"]: part["state"] for part in self.parts()}
