"""Operators: users who have the kubeconfig of the cluster with real nodes and a blueprint, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared_cluster import Cluster


@dataclass(frozen=True)
class Operator:
    """A user in front of the folder of a blueprint.

    Attributes:
        pods: The cluster.
        folder: The folder of the blueprint.
        namespace: The namespace of its stack.
        state: The folder of the user's state.
    """

    pods: Cluster
    folder: Path
    namespace: str
    state: Path

    def rohe(self, *words: str, code: int | None = 0) -> str:
        """Runs a command to its end, which must have the exit code, any where that is None; returns what it printed."""
        ended = subprocess.run(
            [str(Path(sys.executable).parent / "rohe"), "-C", str(self.folder), *words],
            env={**self.pods.environment, "XDG_STATE_HOME": str(self.state)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert code in (None, ended.returncode), (
            f"{words} ended with {ended.returncode}:\n{ended.stdout}\n{ended.stderr}"
        )
        return ended.stdout

    def answer(self, *words: str) -> Any:
        """Returns the JSON that a command prints."""
        return json.loads(self.rohe(*words, "-o", "json"))

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Waits until something holds; tells the state of all pods where it does not come."""
        found = self.pods.until(condition, patience=150.0)
        told = self.pods.kubectl("describe", "pods", "-n", self.namespace, check=False)
        assert found, f"{what}\n{told.stdout[-8000:]}"
