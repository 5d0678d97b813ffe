"""Provisioner: gives each claim of the default storage class a folder of this machine as its volume.

It does what a cluster's own storage driver does: the class waits for the first pod of a claim (WaitForFirstConsumer),
the scheduler names the node, and the volume belongs to that node.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from lightkube import Client
from lightkube.core.exceptions import ApiError
from lightkube.models.core_v1 import (
    HostPathVolumeSource,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    ObjectReference,
    PersistentVolumeSpec,
    VolumeNodeAffinity,
)
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import PersistentVolume, PersistentVolumeClaim
from lightkube.resources.storage_v1 import StorageClass

LOG = logging.getLogger("rohe.trial_cluster")

PROVISIONER = "rohe.dev/folder"
"""The provisioner that the storage class names."""

STORAGE_CLASS = "folder"
"""The default storage class of the control plane."""

_NODE = "volume.kubernetes.io/selected-node"
"""The scheduler's annotation of a claim: the node of its first pod."""

_CONFLICT = 409
_NOT_FOUND = 404


class Provisioner:
    """Makes volumes for claims and removes those whose claims are gone.

    Attributes:
        volumes: The folder with a folder for each volume.
    """

    def __init__(self, client: Client, volumes: Path) -> None:
        self._client = client
        self.volumes = volumes

    def create_class(self) -> None:
        """Creates the default storage class, unless it is there."""
        try:
            self._client.create(
                StorageClass(
                    metadata=ObjectMeta(
                        name=STORAGE_CLASS, annotations={"storageclass.kubernetes.io/is-default-class": "true"}
                    ),
                    provisioner=PROVISIONER,
                    volumeBindingMode="WaitForFirstConsumer",
                )
            )
        except ApiError as error:
            if error.status.code != _CONFLICT:
                raise

    def start(self) -> None:
        """Serves claims and volumes from two threads that end with the process."""
        # msgspec prepares a class when the first object is read, and two threads that do so at once crash the process.
        for kind in (PersistentVolume, PersistentVolumeClaim):
            kind.from_dict({})
        for serve in (self._serve_claims, self._serve_volumes):
            threading.Thread(target=self._forever, args=(serve,), daemon=True).start()

    def _forever(self, serve: Callable[[], None]) -> None:
        wait = threading.Event()
        while True:
            try:
                serve()
            except Exception as error:  # noqa: BLE001 - whatever a connection to a server that restarts may raise
                LOG.info("the provisioner asks again: %s", error)
            wait.wait(0.5)

    def _serve_claims(self) -> None:
        for _, claim in self._client.watch(PersistentVolumeClaim, namespace="*"):
            self.provide(claim)

    def _serve_volumes(self) -> None:
        for _, volume in self._client.watch(PersistentVolume):
            self.reclaim(volume)

    def provide(self, claim: PersistentVolumeClaim) -> None:
        """Creates the volume of a claim that waits for one on a node that the scheduler has chosen."""
        metadata, spec = claim.metadata, claim.spec
        if metadata is None or spec is None or spec.volumeName or spec.storageClassName != STORAGE_CLASS:
            return
        node = (metadata.annotations or {}).get(_NODE)
        if not node or metadata.deletionTimestamp:
            return
        name = f"folder-{metadata.uid}"
        folder = self.volumes / name
        folder.mkdir(mode=0o700, exist_ok=True)
        # Pods write as users of their own; the folders above keep other users out.
        folder.chmod(0o777)
        asked = (spec.resources.requests if spec.resources else None) or {}
        volume = PersistentVolume(
            metadata=ObjectMeta(name=name, annotations={"pv.kubernetes.io/provisioned-by": PROVISIONER}),
            spec=PersistentVolumeSpec(
                capacity={"storage": asked.get("storage", "1Gi")},
                accessModes=spec.accessModes,
                persistentVolumeReclaimPolicy="Delete",
                storageClassName=STORAGE_CLASS,
                hostPath=HostPathVolumeSource(path=str(folder), type="Directory"),
                claimRef=ObjectReference(
                    apiVersion="v1",
                    kind="PersistentVolumeClaim",
                    namespace=metadata.namespace,
                    name=metadata.name,
                    uid=metadata.uid,
                ),
                nodeAffinity=_only_on(node),
            ),
        )
        try:
            self._client.create(volume)
        except ApiError as error:
            if error.status.code != _CONFLICT:
                raise

    def reclaim(self, volume: PersistentVolume) -> None:
        """Removes a volume of this provisioner whose claim is gone, and its folder."""
        metadata, status = volume.metadata, volume.status
        if metadata is None or status is None or status.phase not in ("Released", "Failed"):
            return
        if (metadata.annotations or {}).get("pv.kubernetes.io/provisioned-by") != PROVISIONER or not metadata.name:
            return
        shutil.rmtree(self.volumes / metadata.name, ignore_errors=True)
        try:
            self._client.delete(PersistentVolume, metadata.name)
        except ApiError as error:
            if error.status.code != _NOT_FOUND:
                raise


def _only_on(node: str) -> VolumeNodeAffinity:
    # The scheduler reads labels of nodes only here, no fields.
    here = NodeSelectorRequirement(key="kubernetes.io/hostname", operator="In", values=[node])
    return VolumeNodeAffinity(required=NodeSelector(nodeSelectorTerms=[NodeSelectorTerm(matchExpressions=[here])]))
