"""Manifests of a Kubernetes cluster: a Deployment a (workload, node), a Service a workload, the agents' settings.

Secrets are referred to by name and never written; `prerequisites` lists them with all else that must exist.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from rohe_iac.blueprint.linked.workload import Workload, service_with_variant
from rohe_iac.blueprint.text.command_line import main_port
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.manifests.environment import environment_of
from rohe_iac.manifests.instances import instances_of
from rohe_iac.manifests.kubernetes.container import container, environment
from rohe_iac.manifests.kubernetes.ports import BROKER_PORT, container_ports
from rohe_iac.manifests.kubernetes.scheduling import pod_annotations, preferred_nodes, tolerations, topology_spread
from rohe_iac.manifests.kubernetes.volumes import mounts_and_volumes
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.manifests.plan_rendering import PlanRendering
from rohe_iac.manifests.prerequisites import Prerequisite, cluster_prerequisites
from rohe_iac.manifests.rendering import render_document
from rohe_iac.observation.configuration import configuration_of
from rohe_iac.planning.model.plan import Placement


class KubernetesManifests(PlanRendering):
    """Renders a plan for a Kubernetes cluster, one manifest an object."""

    @property
    def namespace(self) -> str:
        """Returns the namespace that all objects are in."""
        target = self.blueprint.stack.spec.target.kubernetes
        return target.namespace if target is not None else self.stack

    def manifests(self) -> Iterable[Manifest]:
        """Yields every manifest of the plan, in no order."""
        yield self._manifest("Namespace", self.namespace, f"stack/{self.stack}", {}, ())
        ordered = sorted(
            self.plan.placements,
            key=lambda placement: (placement.workload, placement.node, placement.variant, placement.index),
        )
        for address, placements in groupby(ordered, key=lambda placement: placement.workload):
            yield from self._workload(self.workloads[address], list(placements))

    def prerequisites(self) -> tuple[Prerequisite, ...]:
        """Returns the images, Secrets, claims and extended resources that the objects name."""
        return cluster_prerequisites(
            self.workloads, self.plan.placements, self.blueprint.stack.spec.agents.image, self.connected
        )

    def _labels(self, workload: Workload | None = None) -> dict[str, str]:
        labels = {"app.kubernetes.io/managed-by": "rohe", "rohe.dev/stack": self.stack}
        if workload is not None:
            labels["rohe.dev/workload"] = workload.slug
        return labels

    def _manifest(
        self,
        kind: str,
        name: str,
        address: str,
        values: dict[str, Any],
        depends_on: tuple[str, ...],
        workload: Workload | None = None,
    ) -> Manifest:
        metadata = {"object": name, "namespace": self.namespace, "stack": self.stack, "labels": self._labels(workload)}
        text = render_document("kubernetes", kind, {**metadata, **values})
        return Manifest(f"{kind.lower()}-{name}", kind, address, text, depends_on)

    def _workload(self, workload: Workload, placements: list[Placement]) -> Iterable[Manifest]:
        needed: list[str] = [f"namespace-{self.namespace}"]
        ports = container_ports(workload)
        if ports:
            exposed = [
                {
                    "name": port.name,
                    "port": port.service_port or number,
                    "targetPort": number,
                    "protocol": port.protocol,
                }
                for port, number in ports
            ]
            values = {"selector": {"rohe.dev/workload": workload.slug}, "ports": exposed}
            yield self._manifest("Service", workload.slug, workload.address, values, tuple(needed), workload)
        settings = ""
        if workload.role == "agent":
            content = self._agent_settings(workload, placements)
            # A changed ConfigMap gets another name, so that pods roll over to it and never read a half-written one.
            settings = f"{workload.slug}-{sha256_hex(repr(sorted(content.items())).encode())[:8]}"
            manifest = self._manifest(
                "ConfigMap", settings, workload.address, {"content": content}, tuple(needed), workload
            )
            needed.append(manifest.name)
            yield manifest
        for (node, variant), group in groupby(placements, key=lambda placement: (placement.node, placement.variant)):
            yield self._deployment(workload, node, variant, list(group), settings, tuple(needed))

    def _agent_settings(self, workload: Workload, agents: list[Placement]) -> dict[str, str]:
        pipeline = workload.service.name
        instances = instances_of(self.blueprint, self.plan, pipeline)
        return {
            f"{agent.instance}.json": configuration_of(self.blueprint, pipeline, agent.instance, instances).decode()
            for agent in agents
        }

    def _deployment(
        self,
        workload: Workload,
        node: str,
        variant: str,
        placements: list[Placement],
        settings: str,
        needed: tuple[str, ...],
    ) -> Manifest:
        service = service_with_variant(workload, variant)
        suffix = sha256_hex(f"{node}/{variant}".encode())[:6]
        object_name = f"{workload.slug}-{suffix}"
        connected = self.is_connected(workload)
        mounts, volumes = mounts_and_volumes(service, workload, settings, connected=connected)
        agents = self.blueprint.stack.spec.agents
        values = {
            "annotations": {"rohe.dev/node": node},
            "pod_annotations": pod_annotations(service),
            "replicas": len(placements),
            "selector": {"rohe.dev/workload": workload.slug, "rohe.dev/part": suffix},
            "labels": {**self._labels(workload), "rohe.dev/part": suffix},
            "node": node,
            "tolerations": tolerations(service),
            "rollout": self._rollout(workload, node),
            "preferred": preferred_nodes(service),
            "skews": topology_spread(service, workload),
            **container(
                workload,
                service,
                agents.image if workload.system else service.image or "",
                environment(
                    service,
                    workload,
                    self._variables(workload, placements[0]),
                    self._broker_url() if connected else "",
                ),
                mounts,
            ),
            "volumes": volumes,
        }
        return self._manifest("Deployment", object_name, workload.address, values, needed, workload)

    def _rollout(self, workload: Workload, node: str) -> dict[str, Any]:
        """Returns how pods on the node are replaced, where the service has room for updates; else nothing.

        New pods come before old ones end where that room is; elsewhere one pod is replaced at a time.
        """
        rooms = [
            room.node for room in self.plan.reserved if room.workload == f"update/{workload.address.partition('/')[2]}"
        ]
        if not rooms:
            return {}
        surge = rooms.count(node)
        return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": 0 if surge else 1}}

    def _variables(self, workload: Workload, placement: Placement) -> dict[str, str]:
        if workload.system:
            return {"ROHE_STACK": self.stack, "ROHE_NODE": placement.node}
        return environment_of(self.peer_urls, workload, placement)

    def url_of(self, replica: Placement) -> str | None:
        """Returns the URL of the Service that all replicas of the same workload stand behind."""
        workload = self.workloads[replica.workload]
        ports = container_ports(workload)
        if not ports:
            return None
        main = main_port([port.name for port, _ in ports])
        port, number = next(entry for entry in ports if entry[0].name == main)
        return f"http://{workload.slug}.{self.namespace}.svc:{port.service_port or number}"

    def _broker_url(self) -> str:
        for workload in self.workloads.values():
            if workload.role == "broker":
                return f"mqtt://{workload.slug}.{self.namespace}.svc:{BROKER_PORT}"
        return self.blueprint.stack.spec.broker.url or ""
