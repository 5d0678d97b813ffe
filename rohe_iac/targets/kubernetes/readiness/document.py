"""Readiness document: what has to be ready of one workload, as the engine hands it to the provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rohe_iac.foundation.canonical import canonical_json
from rohe_iac.targets.kubernetes.readiness.awaited import AwaitedReplica
from rohe_iac.targets.kubernetes.readiness.hearing import HearingAgent
from rohe_iac.targets.manifest_document import ManifestDocument, reading

KIND = "Readiness"
"""The kind of the document."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """The readiness of one workload.

    Attributes:
        name: Name of the document, unique in the stack.
        stack: Name of the stack.
        address: Address of the workload.
        workload: The workload as in the label `rohe.dev/workload` of its objects.
        replicas: What has to be ready.
        digests: The digest of each replica's manifest, so that the document changes with it.
        agents: The agents that hear the replicas; none where nothing observes their pipeline.
        removed: Names of Deployments on the nodes of the replicas that this run removes, first where room is lacking.
    """

    name: str
    stack: str
    address: str
    workload: str
    replicas: tuple[AwaitedReplica, ...]
    digests: tuple[str, ...]
    agents: tuple[HearingAgent, ...] = ()
    removed: tuple[str, ...] = ()

    def text(self) -> str:
        """Returns the document as JSON, which is YAML too."""
        replicas = [
            {
                "address": replica.address,
                "instance": replica.instance,
                "node": replica.node,
                "image": replica.image,
                "unreachable": replica.unreachable,
                "digest": replica.digest,
                "sha256": digest,
                **({"startup": replica.startup} if replica.runs_once else {}),
            }
            for replica, digest in zip(self.replicas, self.digests, strict=True)
        ]
        spec: dict[str, Any] = {"workload": self.workload, "replicas": replicas}
        if self.agents:
            spec["agents"] = [{"address": agent.address, "instance": agent.instance} for agent in self.agents]
        if self.removed:
            spec["removed"] = list(self.removed)
        value = {
            "apiVersion": "rohe.dev/v1",
            "kind": KIND,
            "metadata": {"name": self.name, "stack": self.stack, "address": self.address},
            "spec": spec,
        }
        return canonical_json(value).decode() + "\n"


def readiness_of(document: ManifestDocument) -> Readiness:
    """Reads a document.

    Raises:
        UnreadableManifest: A field is missing or has a wrong value.
    """
    with reading(document):
        replicas: Sequence[dict[str, Any]] = document.spec["replicas"]
        return Readiness(
            name=document.name,
            stack=document.stack,
            address=document.address,
            workload=str(document.spec["workload"]),
            replicas=tuple(
                AwaitedReplica(
                    address=str(item["address"]),
                    instance=str(item["instance"]),
                    node=str(item["node"]),
                    digest=str(item["digest"]),
                    image=str(item["image"]),
                    unreachable=str(item["unreachable"]),
                    startup=int(item.get("startup", 0)),
                )
                for item in replicas
            ),
            digests=tuple(str(item["sha256"]) for item in replicas),
            agents=tuple(
                HearingAgent(str(item["address"]), str(item["instance"])) for item in document.spec.get("agents") or ()
            ),
            removed=tuple(str(name) for name in document.spec.get("removed") or ()),
        )
