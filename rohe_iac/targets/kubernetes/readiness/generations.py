"""Generations: how often the spec of each Deployment has changed, as the cluster counts it (`metadata.generation`)."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping

from rohe_iac.manifests.kubernetes.labels import STACK
from rohe_iac.targets.kubernetes.api_server import ApiServer, Kind
from rohe_iac.targets.kubernetes.object import ClusterObject

DEPLOYMENT = Kind("apps/v1", "Deployment", "deployments", True, frozenset({"get", "list"}))
"""The kind whose objects are read."""

FEW = 4
"""Deployments that are read one by one; of more, all of the stack are listed.

The engine asks about one workload after the other where most are unchanged, and a listing for each would make the work
grow with the square of their number.
"""


class _Batch:
    """Those who asked before a reading began, and its answer."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.answer: Mapping[str, int] | None = None


class Generations:
    """The generations of a stack's Deployments; all who ask while a reading is under way share the next one."""

    def __init__(self, server: ApiServer, namespace: str, stack: str) -> None:
        """Prepares to read; nothing is asked of the server yet."""
        self._server, self._namespace, self._stack = server, namespace, stack
        self._next = _Batch()
        self._joining, self._reading = threading.Lock(), threading.Lock()

    def now(self, names: Collection[str]) -> Mapping[str, int]:
        """Returns the generation of each Deployment by its name, from a reading that began after this call.

        Args:
            names: The Deployments that are asked about; absent ones are not in the answer, and others may be.

        Raises:
            RoheError: The server is out of reach, or refuses.
        """
        with self._joining:
            batch = self._next
            batch.names.update(names)
        with self._reading:
            if batch.answer is None:
                with self._joining:
                    self._next = _Batch()
                batch.answer = {item.name: _generation(item) for item in self._read(batch.names)}
            return batch.answer

    def _read(self, names: Collection[str]) -> list[ClusterObject]:
        if len(names) > FEW:
            selector = f"{STACK}={self._stack}"
            return list(self._server.list(DEPLOYMENT, self._namespace, selector, metadata=True))
        found = (self._server.get_of(DEPLOYMENT, self._namespace, name, metadata=True) for name in sorted(names))
        return [item for item in found if item is not None]


def _generation(found: ClusterObject) -> int:
    return int(found.body["metadata"].get("generation", 0))
