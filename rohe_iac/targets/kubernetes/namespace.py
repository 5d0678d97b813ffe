"""Namespace: made where it is absent, and removed only where rohe made it and nothing of others is in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import httpx2

from rohe_iac.foundation.clock import Clock
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.quantities import counted
from rohe_iac.manifests.kubernetes.labels import MANAGED_BY, STACK
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.cluster import ClusterRefused, ObjectRefused
from rohe_iac.targets.kubernetes.locking.lease import lease_key
from rohe_iac.targets.kubernetes.object import ClusterObject, Key
from rohe_iac.targets.kubernetes.objects.claim_changes import CLAIM
from rohe_iac.targets.kubernetes.objects.removal import (
    MADE_BY_CLUSTER,
    NAMED,
    NotRemoved,
    kinds_to_look_for,
    labelled,
    wait_for_end,
)

MADE_BY = "rohe.dev/made-by"
"""The annotation of a namespace that rohe made, with the stack that it made it for."""

KEY = ("v1", "Namespace", "")
"""Group and version, kind, and namespace of every namespace."""

OWN = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
"""Objects that the cluster itself puts into every namespace."""

FLEETING = frozenset({"Event", "Endpoints", "EndpointSlice", "PodMetrics"})
"""Kinds that the cluster makes of others and removes with them."""

PASSING = MADE_BY_CLUSTER | {CLAIM}
"""Kinds that stay, or go with others."""


EMPTY_WAIT = 20.0
"""Seconds to wait until a namespace is gone in which nothing was made."""

REMAINING = ("NamespaceContentRemaining", "NamespaceFinalizersRemaining", "NamespaceDeletionDiscoveryFailure")
"""Conditions of a namespace that is being deleted whose message says what keeps it (NamespaceConditionType)."""


class NamespaceEnding(RoheError):
    """The namespace is being deleted, so that nothing can be made in it."""

    exit_code = ExitCode.PARTIAL


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
            Why it stays, as a sentence; "" where it is gone, or was not made by rohe.

        Raises:
            NotRemoved: It is still being deleted after `timeout` seconds; the detail names what keeps it.
        """
        found = self.found()
        if found is None or MADE_BY not in found.annotations:
            return ""
        try:
            others = sorted(str(item) for item in self._others()) if not found.is_ending else []
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
        raise NotRemoved(
            f"the namespace {self._name} is still being deleted",
            detail="\n".join(self._keepers()),
            hint="end what the finalizer waits for, then run `rohe destroy` again; --timeout 10m waits longer",
        )

    @property
    def is_ending(self) -> bool:
        """Returns whether the namespace is being deleted."""
        found = self.found()
        return found is not None and found.is_ending

    def refuse_ending(self) -> None:
        """Raises where the namespace is being deleted.

        Raises:
            NamespaceEnding: It is; the detail names what keeps it.
        """
        if self.is_ending:
            raise NamespaceEnding(
                f"the namespace {self._name} is being deleted, so nothing can be made in it",
                detail="\n".join(self._keepers()),
                hint="end what the finalizer waits for, wait until the namespace is gone, and run the command again",
            )

    def warning(self) -> tuple[str, ...]:
        """Returns that the namespace is being deleted, as a sentence with what keeps it; nothing where it is not."""
        try:
            if not self.is_ending:
                return ()
        except ClusterRefused:
            return ()
        return (f"the namespace {self._name} is being deleted, kept by {'; '.join(self._keepers())}",)

    def _keepers(self) -> list[str]:
        """Returns what keeps a namespace that is being deleted: its finalizers, and objects that have some."""
        found = self.found()
        if found is None:
            return []
        lines = [f"namespace/{self._name}: finalizer {name}" for name in found.finalizers]
        try:
            held = sorted((item for item in self._content() if item.finalizers), key=lambda item: item.key)
        except ClusterRefused:
            held = []
        lines += [f"{item}: {', '.join(f'finalizer {name}' for name in item.finalizers)}" for item in held]
        if not lines:
            conditions = (found.body.get("status") or {}).get("conditions") or ()
            lines = [
                str(item["message"]) for item in conditions if item["type"] in REMAINING and item["status"] == "True"
            ]
        more = [f"and {len(lines) - NAMED} more"] if len(lines) > NAMED else []
        return [*lines[:NAMED], *more] or ["what is in it and still ends"]

    def clear(self, selector: str, wanted: Collection[Key], clock: Clock, timeout: float = 60.0) -> str:
        """Removes the stack from a namespace that it has moved out of, all but claims, and the namespace as `remove`.

        A claim may have reports that no agent has heard, or the store of an agent.

        Args:
            selector: The label selector of the stack's objects.
            wanted: The keys of the stack's objects where it is now.
            clock: The clock to wait by until the namespace is gone.
            timeout: Seconds to wait, for pods may still be ending.

        Returns:
            What stays and how to remove it, as a sentence; "" where nothing does.
        """
        found = labelled(self._server, self._name, selector, kinds_to_look_for(self._server, {("v1", CLAIM)}))
        left = [item for item in found if item.key not in wanted and not item.owners]
        claims = [item for item in left if item.kind == CLAIM]
        for item in left:
            if item.kind not in PASSING:
                self._server.delete(item)
        lease = self._server.get(lease_key(self._name, self._stack))
        if lease is not None:
            self._server.delete(lease)
        if not claims:
            try:
                return self.remove(clock, timeout)
            except NotRemoved as error:
                return f"{error.brief}: {error.detail}"
        namespace = self.found()
        also = namespace is not None and MADE_BY in namespace.annotations
        return (
            f"{counted(len(claims), 'claim')} of the stack {'stay' if len(claims) > 1 else 'stays'} in its former "
            f"namespace {self._name}, with stored results and reports that were not sent yet: "
            f"`kubectl delete pvc -n {self._name} -l {selector}` removes what they hold for good"
            + (f", and `kubectl delete namespace {self._name}` the namespace" if also else "")
        )

    def _others(self) -> Iterator[ClusterObject]:
        """Yields the objects in the namespace that neither this stack nor the cluster itself made."""
        for item in self._content():
            ours = item.labels.get(STACK) == self._stack and item.labels.get(MANAGED_BY) == "rohe"
            if not ours and not item.owners and (item.kind, item.name) not in OWN:
                yield item

    def _content(self) -> Iterator[ClusterObject]:
        """Yields the objects in the namespace, with metadata only."""
        for kind in self._server.kinds.values():
            if kind.namespaced and "list" in kind.verbs and kind.kind not in FLEETING:
                yield from self._server.list(kind, self._name, metadata=True)
