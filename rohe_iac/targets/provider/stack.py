"""Provided stack: the stack that the provider's settings name, with the resources of its target."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.targets.manifest_document import ManifestDocument
from rohe_iac.targets.permit import Permit

if TYPE_CHECKING:
    from rohe_iac.targets.kubernetes.readiness.resource import ClusterSite
    from rohe_iac.targets.local.resources import Resource, Site

CLUSTER = "rohe:kubernetes:"
"""What the types of resources of a cluster begin with."""


class ProvidedStack:
    """One stack, on this machine or in a cluster.

    Attributes:
        folder: The stack's folder.
        permit: What the provider may make.
    """

    def __init__(
        self,
        settings: Mapping[str, object],
        cancelled: threading.Event,
        tell: Callable[[str, str], None],
        note: Callable[[str], None],
    ) -> None:
        """Opens the stack of the provider's settings; neither its runtime nor its cluster is asked anything yet.

        Args:
            settings: `folder` and `root`; for a cluster `namespace`, `stack` and, unless it is the current one,
                `context` too.
            cancelled: Is set when apply was interrupted.
            tell: Is told what a workload waits for, with the workload's address.
            note: Is told what was done beside making resources.

        Raises:
            RoheError: The settings name no stack.
        """
        folder, root = settings.get("folder"), settings.get("root")
        if not isinstance(folder, str) or not isinstance(root, str):
            # The engine makes such a provider by itself for a resource that was registered without one.
            raise RoheError("a resource that is not of a plan of rohe was refused")
        self.folder = StackFolder(Path(folder))
        self._root = Path(root)
        self.permit = Permit(self.folder, self._root)
        self._settings = settings
        self._cancelled, self._tell, self._note = cancelled, tell, note
        self._opening = threading.Lock()

    def make(self, kind: str, document: ManifestDocument) -> Mapping[str, Mapping[str, str]]:
        """Makes the resource of the engine's type `kind` as the document says.

        Returns:
            What was found, as properties of the resource: for a readiness, PENDING and UNHEARD.

        Raises:
            RoheError: It cannot be made, or no plan has the type.
        """
        if kind.startswith(CLUSTER):
            from rohe_iac.targets.kubernetes.readiness.resource import ReadinessResource

            return ReadinessResource().make(self._opened_cluster(), document)
        _resource(kind).make(self._machine, document)
        return {}

    def holds(self, kind: str, document: ManifestDocument) -> bool:
        """Returns whether the resource is as the document says.

        Raises:
            RoheError: No plan has the type, or the cluster is out of reach.
        """
        if kind.startswith(CLUSTER):
            from rohe_iac.targets.kubernetes.readiness.resource import ReadinessResource

            return ReadinessResource().holds(self._opened_cluster(), document)
        return _resource(kind).holds(self._machine, document)

    def remove(self, kind: str, document: ManifestDocument) -> None:
        """Removes the resource; an absent one is no error.

        Raises:
            RoheError: It cannot be removed, or no plan has the type.
        """
        if not kind.startswith(CLUSTER):  # a readiness is not there to be removed
            _resource(kind).remove(self._machine, document)

    def _opened_cluster(self) -> ClusterSite:
        with self._opening:
            return self._cluster

    @property
    def _machine(self) -> Site:
        with self._opening:
            return self._site

    @cached_property
    def _site(self) -> Site:
        # A stack in a cluster is served without what makes the parts of this machine.
        from rohe_iac.targets.local.resources import Site
        from rohe_iac.targets.local.stack_folder import Layout

        return Site(Layout(self.folder, self._root), cancelled=self._cancelled)

    @cached_property
    def _cluster(self) -> ClusterSite:
        # A stack of this machine is served without the client of a cluster, whose import takes longer than all else.
        from rohe_iac.targets.kubernetes.readiness.resource import ClusterSite

        context, namespace, stack = (self._settings.get(name) for name in ("context", "namespace", "stack"))
        if not isinstance(namespace, str) or not isinstance(stack, str):
            raise RoheError("a resource that is not of a plan of rohe was refused")
        return ClusterSite(str(context) if context else None, namespace, stack, self._cancelled, self._tell, self._note)


def _resource(kind: str) -> Resource:
    """Returns what makes the resources of a type on this machine."""
    from rohe_iac.targets.local.resources import RESOURCES

    if kind not in RESOURCES:
        raise RoheError(f"a resource of the type {kind}, which no plan of rohe has, was refused")
    return RESOURCES[kind]
