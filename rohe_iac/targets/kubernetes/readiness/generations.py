"""Generations: how often the spec of each Deployment has changed, as the cluster counts it (`metadata.generation`)."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from rohe_iac.targets.kubernetes.api_server import ApiServer, Kind

DEPLOYMENT = Kind("apps/v1", "Deployment", "deployments", True, frozenset({"list"}))
"""The kind whose objects are listed."""


class _Batch:
    """Those who asked before a listing began, and its answer."""

    def __init__(self) -> None:
        self.answer: Mapping[str, int] | None = None


class Generations:
    """The generations of a stack's Deployments; all who ask while a listing is under way share the next one."""

    def __init__(self, server: ApiServer, namespace: str, stack: str) -> None:
        """Prepares to list; nothing is asked of the server yet."""
        self._server, self._namespace, self._stack = server, namespace, stack
        self._next = _Batch()
        self._joining, self._listing = threading.Lock(), threading.Lock()

    def now(self) -> Mapping[str, int]:
        """Returns the generation of each Deployment by its name, from a listing that began after this call.

        Raises:
            RoheError: The server is out of reach, or refuses.
        """
        with self._joining:
            batch = self._next
        with self._listing:
            if batch.answer is None:
                with self._joining:
                    self._next = _Batch()
                batch.answer = self._listed()
            return batch.answer

    def _listed(self) -> Mapping[str, int]:
        selector = f"rohe.dev/stack={self._stack}"
        found = self._server.list(DEPLOYMENT, self._namespace, selector, metadata=True)
        return {item.name: int(item.body["metadata"].get("generation", 0)) for item in found}
