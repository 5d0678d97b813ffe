"""Manifests of a Kubernetes cluster: a Deployment a replica, a Service a workload, the agents' settings.

Secrets are referred to by name and never written; `prerequisites` lists them with all else that must exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import groupby
from typing import Any

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.blueprint.linked.cluster_device import ClusterDevice, devices_of_inventory
from rohe_iac.blueprint.linked.workload import Workload, service_with_variant
from rohe_iac.blueprint.text.command_line import main_port
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.manifests.advice import Advice
from rohe_iac.manifests.environment import environment_of
from rohe_iac.manifests.instances import instances_of
from rohe_iac.manifests.kubernetes.advice import advice_of
from rohe_iac.manifests.kubernetes.deployment import ordered, selector_of, strategies_of
from rohe_iac.manifests.kubernetes.pod.container import container, environment
from rohe_iac.manifests.kubernetes.pod.devices import CLAIM, PodDevices, pod_devices
from rohe_iac.manifests.kubernetes.pod.scheduling import pod_annotations, preferred_nodes, tolerations, topology_spread
from rohe_iac.manifests.kubernetes.pod.volumes import AGENT_SETTINGS, mounts_and_volumes
from rohe_iac.manifests.kubernetes.ports import BROKER_PORT, container_ports
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
        for address, placements in groupby(ordered(self.plan.placements), key=lambda placement: placement.workload):
            yield from self._workload(self.workloads[address], list(placements))

    def prerequisites(self) -> tuple[Prerequisite, ...]:
        """Returns the images, Secrets, claims and extended resources that the objects name."""
        return cluster_prerequisites(
            self.workloads,
            self.plan.placements,
            self.blueprint.stack.spec.agents.image,
            self.connected,
            self._devices,
        )

    def advice(self) -> tuple[Advice, ...]:
        """Returns what of devices, cores and bandwidth the cluster does not enforce."""
        return advice_of(self.workloads, self.plan.placements, self._devices)

    @cached_property
    def _devices(self) -> Mapping[str, Mapping[str, ClusterDevice]]:
        return devices_of_inventory(self.blueprint.inventory)

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
            values = {"selector": {"rohe.dev/stack": self.stack, "rohe.dev/workload": workload.slug}, "ports": exposed}
            yield self._manifest("Service", workload.slug, workload.address, values, tuple(needed), workload)
        for placement in placements:
            yield from self._replica(workload, placement, tuple(needed))

    def _replica(self, workload: Workload, placement: Placement, needed: tuple[str, ...]) -> Iterable[Manifest]:
        settings = ""
        if workload.role == "agent":
            pipeline = workload.service.name
            instances = instances_of(self.blueprint, self.plan, pipeline)
            content = configuration_of(self.blueprint, pipeline, placement.instance, instances)
            # A changed ConfigMap gets another name, so that pods roll over to it and never read a half-written one.
            settings = f"{placement.instance}-{sha256_hex(content)[:8]}"
            values = {"content": {AGENT_SETTINGS: content.decode()}}
            manifest = self._manifest("ConfigMap", settings, placement.replica, values, needed, workload)
            needed = (*needed, manifest.name)
            yield manifest
        service = service_with_variant(workload, placement.variant)
        devices = pod_devices(placement, service.requests.accelerators, self._devices.get(placement.node, {}))
        claim = devices.claim_name(placement.instance)
        if claim:
            asked = {"annotations": {"rohe.dev/node": placement.node}, "requests": list(devices.requests)}
            manifest = self._manifest("ResourceClaim", claim, placement.replica, asked, needed, workload)
            needed = (*needed, manifest.name)
            yield manifest
        yield self._deployment(workload, service, placement, settings, devices, needed)

    def _deployment(
        self,
        workload: Workload,
        service: Service,
        placement: Placement,
        settings: str,
        devices: PodDevices,
        needed: tuple[str, ...],
    ) -> Manifest:
        claim = devices.claim_name(placement.instance)
        connected = self.is_connected(workload)
        mounts, volumes = mounts_and_volumes(service, workload, settings, connected=connected)
        agents = self.blueprint.stack.spec.agents
        values = {
            "annotations": {"rohe.dev/address": placement.replica, "rohe.dev/node": placement.node},
            "pod_annotations": pod_annotations(service),
            "selector": selector_of(self.stack, placement),
            "labels": {**self._labels(workload), "rohe.dev/instance": placement.instance},
            "node": placement.node,
            "claims": [{"name": CLAIM, "resourceClaimName": claim}] if claim else [],
            "tolerations": tolerations(service),
            "strategy": self._strategies[placement.instance],
            "preferred": preferred_nodes(service),
            "skews": topology_spread(service, workload, self.stack),
            **container(
                workload,
                service,
                agents.image if workload.system else service.image or "",
                environment(
                    service,
                    workload,
                    self._variables(workload, placement),
                    self._broker_url() if connected else "",
                ),
                mounts,
                devices,
            ),
            "volumes": volumes,
        }
        return self._manifest("Deployment", placement.instance, placement.replica, values, needed, workload)

    @cached_property
    def _strategies(self) -> dict[str, dict[str, Any]]:
        return strategies_of(self.plan)

    def _variables(self, workload: Workload, placement: Placement) -> dict[str, str]:
        variables = {"ROHE_STACK": self.stack, "ROHE_NODE": placement.node}
        if not workload.system:
            variables = environment_of(self.peer_urls, workload, placement)
        return {**variables, "ROHE_INSTANCE": placement.instance}

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
