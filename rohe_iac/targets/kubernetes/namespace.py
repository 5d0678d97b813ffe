"""Namespace: made where it is absent, and removed only where rohe made it and nothing of others is in it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2

from rohe_iac.foundation.clock import Clock
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.cluster import ClusterRefused, ObjectRefused
from rohe_iac.targets.kubernetes.object import MANAGED_BY, STACK, ClusterObject
from rohe_iac.targets.kubernetes.objects.removal import wait_for_end

MADE_BY = "rohe.dev/made-by"
"""The annotation of a namespace that rohe made, with the stack that it made it for."""

KEY = ("v1", "Namespace", "")
"""Group and version, kind, and namespace of every namespace."""

OWN = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
"""Objects that the cluster itself puts into every namespace."""

FLEETING = frozenset({"Event", "Endpoints", "EndpointSlice", "PodMetrics"})
"""Kinds that the cluster makes of others and removes with them."""


class StackNamespace:
    """The namespace of one stack."""

    def __init__(self, server: ApiServer, name: str, stack: str) -> None:
        self._server, self._name, self._stack = server, name, stack

    def found(self) -> ClusterObject | None:
        """Returns the namespace, None where it is absent."""
        return self._server.get((*KEY, self._name))

    def ensure(self, wanted: ClusterObject) -> bool:
        """Makes the namespace where it is absent, and returns whether it was; one that exists is left as it is.

        Args:
            wanted: The namespace as the manifest says.
        """
        if self.found() is not None:
            return False
        metadata = dict(wanted.body["metadata"])
        metadata["annotations"] = {**(metadata.get("annotations") or {}), MADE_BY: self._stack}
        try:
            self._server.create(ClusterObject({**wanted.body, "metadata": metadata}))
        except ObjectRefused as error:
            if error.code != httpx2.codes.CONFLICT:
                raise
            return False
        return True

    def remove(self, clock: Clock, timeout: float) -> str:
        """Removes the namespace where rohe made it and nothing of others is in it; an absent one is no error.

        Args:
            clock: The clock to wait by until it is gone.
            timeout: Seconds to wait.

        Returns:
            Why it is still there, as a sentence; "" where it is gone, or was not made by rohe.
        """
        found = self.found()
        if found is None or MADE_BY not in found.annotations:
            return ""
        try:
            others = sorted(str(item) for item in self._others())
        except ClusterRefused as error:
            return f"the namespace {self._name} stays, because this user may not see all that is in it: {error.detail}"
        if others:
            more = f" and {len(others) - 3} more" if len(others) > 3 else ""
            return f"the namespace {self._name} stays, because others have objects in it: {', '.join(others[:3])}{more}"
        try:
            self._server.delete(found)
        except ClusterRefused as error:
            return f"the namespace {self._name} stays, because this user may not delete it: {error.detail}"
        if wait_for_end(self._server, found, clock, timeout):
            return ""
        return f"the namespace {self._name} is still being deleted after {timeout:.0f}s"

    def _others(self) -> Iterator[ClusterObject]:
        """Yields the objects in the namespace that neither this stack nor the cluster itself made."""
        for kind in self._server.kinds.values():
            if not kind.namespaced or "list" not in kind.verbs or kind.kind in FLEETING:
                continue
            for item in self._server.list(kind, self._name, metadata=True):
                ours = item.labels.get(STACK) == self._stack and item.labels.get(MANAGED_BY) == "rohe"
                if not ours and not item.owners and (item.kind, item.name) not in OWN:
                    yield item
