"""Shop: a blueprint of two services on two simulated nodes, and the commands of a user on it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from shared_cluster import Cluster


@dataclass
class Shop:
    """A stack `shop` with a front of two replicas and a back of three, and the means to command it.

    Attributes:
        cluster: The cluster.
        root: The blueprint's folder.
        state: The state folder of the commands.
        namespace: The stack's namespace, which is absent at first.
        nodes: Names of the two nodes.
    """

    cluster: Cluster
    root: Path
    state: Path
    namespace: str
    nodes: tuple[str, str]

    def write(self, *, tag: str = "1", backs: int = 3, agents: int = 0, **target: str) -> None:
        """Writes the blueprint; with agents, both services report to so many."""
        services = [
            {
                "name": name,
                "image": f"registry.example/{name}:{tag}",
                "command": [name],
                "ports": [{"name": "http"}],
                "requests": {"cpu": "100m", "memory": {"rss": "64Mi"}},
                "replicas": replicas,
                **({"reports": {}} if agents else {}),
            }
            for name, replicas in (("front", 2), ("back", backs))
        ]
        settings = {"context": self.cluster.context, "namespace": self.namespace, **target}
        specs: dict[tuple[str, str], dict[str, Any]] = {
            ("Inventory", "edge"): {"nodes": [{"name": n, "cpu": 4, "memory": {"rss": "8Gi"}} for n in self.nodes]},
            ("Pipeline", "shop"): {"services": services, "flow": [{"from": "front", "to": "back"}]},
            ("Stack", "shop"): {"pipelines": ["shop"], "inventory": "edge", "target": {"kubernetes": settings}},
        }
        if agents:
            specs["Stack", "shop"]["agents"] = {"perPipeline": agents}
        documents = [
            {"apiVersion": "rohe.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
            for (kind, name), spec in specs.items()
        ]
        (self.root / "blueprints").mkdir(parents=True, exist_ok=True)
        (self.root / "rohe.yaml").write_text("project: market\n")
        (self.root / "blueprints" / "all.yaml").write_text(yaml.safe_dump_all(documents))

    def start(self, *words: str, state: Path | None = None, **environment: str) -> subprocess.Popen[str]:
        """Starts a command."""
        return subprocess.Popen(
            [str(Path(sys.executable).parent / "rohe"), *words],
            cwd=self.root,
            env={**self.cluster.environment, "XDG_STATE_HOME": str(state or self.state), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(
        self, *words: str, code: int = 0, state: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end, which must have the exit code."""
        process = self.start(*words, state=state, **environment)
        out, err = process.communicate(timeout=240)
        assert process.returncode == code, f"{words} ended with {process.returncode}:\n{out}\n{err}"
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def status(self, **environment: str) -> dict[str, dict[str, Any]]:
        """Returns the parts that `rohe status` shows, by instance."""
        value = json.loads(self.run("status", "-o", "json", **environment).stdout)
        return {part["instance"]: part for part in value["parts"]}

    def names(self, kind: str) -> list[str]:
        """Returns the names of the stack's objects of a kind, sorted."""
        return sorted(
            item["metadata"]["name"]
            for item in self.cluster.objects(kind, self.namespace)
            if item["metadata"].get("labels", {}).get("rohe.dev/stack") == "shop"
        )

    def container(self, deployment: str) -> str:
        """Returns the name of the container of a Deployment."""
        for item in self.cluster.objects("deployments", self.namespace):
            if item["metadata"]["name"] == deployment:
                return str(item["spec"]["template"]["spec"]["containers"][0]["name"])
        raise AssertionError(f"there is no Deployment {deployment}")

    def exists(self) -> bool:
        """Returns whether the namespace is there."""
        return self.cluster.kubectl("get", "namespace", self.namespace, check=False).returncode == 0


INSTANCES = ["back-0", "back-1", "back-2", "front-0", "front-1"]
"""The replicas of the stack."""
