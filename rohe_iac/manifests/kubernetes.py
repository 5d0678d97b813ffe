"""The manifests of a Kubernetes cluster: a Deployment a (workload, node), a Service a workload, the agents' settings.

Secrets are named, never held: `rohe-credential-<client>` (keys url, user, password) must exist in the namespace.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.blueprint.linked.workload import Workload, service_with_variant
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.manifests.container import environment, mounts_and_volumes, probe, resources
from rohe_iac.manifests.instances import instances_of
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.manifests.planned import Planned
from rohe_iac.manifests.rendering import render_document
from rohe_iac.manifests.told import told
from rohe_iac.observation.configuration import configuration_of
from rohe_iac.planning.model.plan import Placement

BROKER_PORT = 1883
"""The port of MQTT (IANA)."""


class KubernetesManifests(Planned):
    """One manifest a Kubernetes object; what was not placed has none."""

    @property
    def namespace(self) -> str:
        """Where the objects live."""
        target = self.blueprint.stack.spec.target.kubernetes
        return target.namespace if target is not None else self.stack

    def all(self) -> Iterable[Manifest]:
        """Every manifest, in no order."""
        yield self._manifest("Namespace", self.namespace, f"stack/{self.stack}", {}, ())
        placed = sorted(
            self.plan.placements, key=lambda place: (place.workload, place.node, place.variant, place.index)
        )
        for address, places in groupby(placed, key=lambda place: place.workload):
            yield from self._workload(self.workloads[address], list(places))

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
        known = {"object": name, "namespace": self.namespace, "stack": self.stack, "labels": self._labels(workload)}
        text = render_document("kubernetes", kind, {**known, **values})
        return Manifest(f"{kind.lower()}-{name}", kind, address, text, depends_on)

    def _workload(self, workload: Workload, places: list[Placement]) -> Iterable[Manifest]:
        needed: list[str] = [f"namespace-{self.namespace}"]
        ports = _container_ports(workload)
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
            content = self._agent_settings(workload, places)
            # A changed ConfigMap gets another name, so that pods roll over to it and never see half of one.
            settings = f"{workload.slug}-{sha256_hex(repr(sorted(content.items())).encode())[:8]}"
            manifest = self._manifest(
                "ConfigMap", settings, workload.address, {"content": content}, tuple(needed), workload
            )
            needed.append(manifest.name)
            yield manifest
        for (node, variant), group in groupby(places, key=lambda place: (place.node, place.variant)):
            yield self._deployment(workload, node, variant, list(group), settings, tuple(needed))

    def _agent_settings(self, workload: Workload, places: list[Placement]) -> dict[str, str]:
        pipeline = workload.service.name
        known = instances_of(self.blueprint, self.plan, pipeline)
        return {
            f"{place.instance}.json": configuration_of(self.blueprint, pipeline, place.instance, known).decode()
            for place in places
        }

    def _deployment(
        self,
        workload: Workload,
        node: str,
        variant: str,
        places: list[Placement],
        settings: str,
        needed: tuple[str, ...],
    ) -> Manifest:
        service = service_with_variant(workload, variant)
        suffix = sha256_hex(f"{node}/{variant}".encode())[:6]
        object_name = f"{workload.slug}-{suffix}"
        mounts, volumes = mounts_and_volumes(service, workload, settings)
        agents = self.blueprint.stack.spec.agents
        values = {
            "annotations": {"rohe.dev/node": node},
            "replicas": len(places),
            "selector": {"rohe.dev/workload": workload.slug, "rohe.dev/part": suffix},
            "labels": {**self._labels(workload), "rohe.dev/part": suffix},
            "node": node,
            "tolerations": [
                {key: value for key, value in toleration.model_dump().items() if value}
                for toleration in service.placement.tolerations
            ],
            "container": workload.slug,
            "image": agents.image if workload.system else service.image or "",
            "command": list(_command(workload, service)),
            "args": list(service.args),
            "env": environment(service, workload, self._told(workload, places[0]), self._broker_url()),
            "ports": [
                {"name": port.name, "containerPort": number, "protocol": port.protocol}
                | ({"hostPort": port.host_port} if port.host_port else {})
                for port, number in _container_ports(workload)
            ],
            "resources": resources(service),
            "readiness": probe(service.health.readiness),
            "liveness": probe(service.health.liveness),
            "mounts": mounts,
            "volumes": volumes,
        }
        return self._manifest("Deployment", object_name, workload.address, values, needed, workload)

    def _told(self, workload: Workload, placement: Placement) -> dict[str, str]:
        if workload.system:
            return {"ROHE_STACK": self.stack, "ROHE_NODE": placement.node}

        def url_of(place: Placement) -> str | None:
            target = self.workloads[place.workload]
            ports = _container_ports(target)
            if not ports:
                return None
            port, number = next((entry for entry in ports if entry[0].name == "http"), ports[0])
            return f"http://{target.slug}.{self.namespace}.svc:{port.service_port or number}"

        known = told(self.blueprint, workload, placement, self.replicas, url_of)
        # A pod's name is its instance; what is numbered for one machine does not hold here.
        return {
            key: value for key, value in known.items() if key != "ROHE_INSTANCE" and not key.startswith("ROHE_PORT_")
        }

    def _broker_url(self) -> str:
        for workload in self.workloads.values():
            if workload.role == "broker":
                return f"mqtt://{workload.slug}.{self.namespace}.svc:{BROKER_PORT}"
        return self.blueprint.stack.spec.broker.url or ""


def _container_ports(workload: Workload) -> list[tuple[Any, int]]:
    """The ports a container listens on; one without a number gets 8000 and up, in the order of the blueprint."""
    if workload.role == "broker":
        return [(port, BROKER_PORT) for port in workload.service.ports if port.name == "mqtt"]
    return [(port, port.container_port or 8000 + index) for index, port in enumerate(workload.service.ports)]


def _command(workload: Workload, service: Service) -> tuple[str, ...]:
    if workload.role == "broker":
        return ("nats-server", "--config", "/etc/rohe/broker/broker.conf")
    if workload.role == "agent":
        return ("rohe", "agent", "run")
    return service.command
