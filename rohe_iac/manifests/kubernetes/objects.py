"""Manifests of a Kubernetes cluster: a Deployment or Job a replica, Services, policies, claims and settings.

Secrets are referred to by name and never written; `prerequisites` lists them with all else that must exist.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import groupby
from typing import Any

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.blueprint.linked.cluster_device import ClusterDevice, devices_of_inventory
from rohe_iac.blueprint.linked.workload import Workload, balancing_of
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.manifests.advice import Advice
from rohe_iac.manifests.agent_configuration import agent_configuration
from rohe_iac.manifests.attachments import TEMPLATE_FOLDER
from rohe_iac.manifests.environment import environment_of
from rohe_iac.manifests.kubernetes.access import account_of, observer_rules, observers_of
from rohe_iac.manifests.kubernetes.advice import advice_of
from rohe_iac.manifests.kubernetes.broker import BrokerAccess
from rohe_iac.manifests.kubernetes.deployment import notes_of, ordered, selector_of, strategies_of, unreachable_nodes
from rohe_iac.manifests.kubernetes.labels import INSTANCE, NODE, OURS, SERVICE, STACK, WORKLOAD
from rohe_iac.manifests.kubernetes.need import Needs
from rohe_iac.manifests.kubernetes.network.network_policy import NetworkRules
from rohe_iac.manifests.kubernetes.own_templates import OwnTemplates
from rohe_iac.manifests.kubernetes.pod.container import (
    GRACE_PERIOD,
    container,
    environment,
    grace_period,
    init_containers,
)
from rohe_iac.manifests.kubernetes.pod.devices import CLAIM, PodDevices, pod_devices
from rohe_iac.manifests.kubernetes.pod.mounted_files import MountedFile, add_files, files_of
from rohe_iac.manifests.kubernetes.pod.once import maker_of, until_its_end
from rohe_iac.manifests.kubernetes.pod.resources import init_resources
from rohe_iac.manifests.kubernetes.pod.scheduling import pod_annotations, preferred_nodes, tolerations, topology_spread
from rohe_iac.manifests.kubernetes.pod.security import pod_security
from rohe_iac.manifests.kubernetes.pod.volumes import (
    AGENT_SETTINGS,
    claims_of,
    mounts_and_volumes,
    shared_claims,
    shared_claims_of,
)
from rohe_iac.manifests.kubernetes.priorities import priority_class
from rohe_iac.manifests.kubernetes.quantities import byte_quantity
from rohe_iac.manifests.kubernetes.services import (
    ensemble_service,
    exposed_ports,
    main_address,
    replicas_service,
    service_name,
)
from rohe_iac.manifests.kubernetes.storage import claim_size, storage_claim, storage_volume
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.manifests.plan_rendering import PlanRendering
from rohe_iac.manifests.prerequisites import Prerequisite, cluster_prerequisites, image_of, pull_secrets
from rohe_iac.manifests.rendering import UnrenderableManifest
from rohe_iac.planning.model.plan import Placement

ALWAYS_THERE = frozenset(("default", "kube-system", "kube-public", "kube-node-lease"))
"""Namespaces that every cluster has, and that nobody may remove: they get no manifest."""


class KubernetesManifests(PlanRendering):
    """Renders a plan for a Kubernetes cluster, one manifest an object."""

    @property
    def namespace(self) -> str:
        """Returns the namespace that all objects are in."""
        target = self.blueprint.stack.spec.target.kubernetes
        return target.namespace if target is not None else self.stack

    def manifests(self) -> Iterable[Manifest]:
        """Returns every manifest of the plan, in no order.

        Raises:
            UnrenderableManifest: A template of the repository is faulty, or adds an object that is there already.
        """
        self._templates.check_names()
        own = [manifest for manifest in self._objects() if manifest.text]
        names = Counter(manifest.name for manifest in own)
        for name in sorted(name for name, count in names.items() if count > 1):
            parts = sorted(manifest.address for manifest in own if manifest.name == name)
            raise UnrenderableManifest(f"{' and '.join(parts)} both have an object {name}", hint="rename one of them")
        made = [*own, *(manifest for manifest in self._additions() if manifest.text)]
        counts = Counter(manifest.name for manifest in made)
        for name in sorted(name for name, count in counts.items() if count > 1):
            raise UnrenderableManifest(f"a template of {TEMPLATE_FOLDER} adds {name}, which is there already")
        # What a template of the repository leaves out, nothing waits for.
        return [
            replace(manifest, depends_on=tuple(name for name in manifest.depends_on if name in counts))
            for manifest in made
        ]

    def _objects(self) -> Iterable[Manifest]:
        """Yields every object of rohe; one that a template of the repository leaves out has no text."""
        yield from self._stack_objects()
        for kind, name, address, values, needed in self._broker.documents():
            yield self._manifest(kind, name, address, values, (*self._needed, *needed))
        for address, placements in groupby(ordered(self.plan.placements), key=lambda placement: placement.workload):
            yield from self._workload(self.workloads[address], list(placements))
        placed = {self.workloads[placement.workload].topic: placement for placement in self.replicas}
        for topic, placement in sorted(placed.items()):
            workload = self.workloads[placement.workload]
            address = f"service/{workload.pipeline}:{workload.service.name}"
            for file in self._files(workload):
                yield self._manifest("ConfigMap", file.config_map, address, file.entries(), self._needed)
            if workload.member:
                values = {"selector": {**self._selector, SERVICE: topic}, "ports": exposed_ports(workload)}
                name = ensemble_service(topic, self._service_names)
                if values["ports"]:
                    yield self._manifest("Service", name, address, {"headless": False, **values}, self._needed)

    def _additions(self) -> Iterable[Manifest]:
        """Yields what templates of the repository add."""
        if not self.attachments.templates:
            return
        values: dict[str, Any] = {"stack": self.stack, "namespace": self.namespace, "labels": self._labels()}
        yield from self._added("stack", f"stack/{self.stack}", values)
        counted = Counter(placement.workload for placement in self.plan.placements)
        for address, replicas in sorted(counted.items()):
            workload = self.workloads[address]
            shared = {
                **values,
                "labels": self._labels(workload),
                "selector": {**self._selector, WORKLOAD: workload.slug},
                "workload": workload.slug,
                "role": workload.role,
                "pipeline": workload.pipeline,
                "service": workload.service.name,
                "member": workload.member,
                "ports": exposed_ports(workload),
                "replicas": replicas,
            }
            yield from self._added("workload", address, shared)
            for placement in self.plan.placements:
                if placement.workload == address:
                    own = {**shared, "instance": placement.instance, "node": placement.node}
                    yield from self._added("replica", placement.replica, own)

    def _added(self, scope: str, address: str, values: dict[str, Any]) -> Iterable[Manifest]:
        for kind, name, text in self._templates.additions(scope, values):
            yield Manifest(f"{kind.lower()}-{name}", kind, address, text, self._needed)

    def prerequisites(self) -> tuple[Prerequisite, ...]:
        """Returns the images, Secrets and extended resources that the objects name."""
        return cluster_prerequisites(
            self.workloads,
            self.plan.placements,
            self.blueprint.stack.spec,
            self.connected,
            self._devices,
        )

    def advice(self) -> tuple[Advice, ...]:
        """Returns what of devices, cores and bandwidth the cluster does not enforce."""
        return advice_of(self.workloads, self.plan.placements, self._devices)

    @cached_property
    def _broker(self) -> BrokerAccess:
        return BrokerAccess(self, self.namespace)

    @cached_property
    def _devices(self) -> Mapping[str, Mapping[str, ClusterDevice]]:
        return devices_of_inventory(self.blueprint.inventory)

    def url_of(self, replica: Placement, alone: bool) -> str | None:
        """Returns the URL of a replica, or, unless it is asked for alone, of the Service of all replicas like it.

        A Service takes replicas at random, which is what `balancing: random` asks for; other callers choose themselves.
        """
        workload = self.workloads[replica.workload]
        ports = main_address(workload)
        if ports is None:
            return None
        if not alone and balancing_of(self.blueprint, workload.service) == "random":
            return f"http://{service_name(workload.slug)}.{self.namespace}.svc:{ports[0]}"
        return f"http://{replica.instance}.{replicas_service(self.stack)}.{self.namespace}.svc:{ports[1]}"

    @cached_property
    def _templates(self) -> OwnTemplates:
        return OwnTemplates(self.attachments.templates)

    @cached_property
    def _selector(self) -> dict[str, str]:
        """Returns the labels of every pod of the stack."""
        return {STACK: self.stack}

    def _labels(self, workload: Workload | None = None) -> dict[str, str]:
        labels = {**OURS, **self._selector}
        if workload is not None:
            labels |= {WORKLOAD: workload.slug} | ({SERVICE: workload.topic} if workload.role == "service" else {})
        return labels

    def _manifest(
        self,
        kind: str,
        name: str,
        address: str,
        values: dict[str, Any],
        depends_on: tuple[str, ...],
        workload: Workload | None = None,
        *,
        pods: bool = False,
    ) -> Manifest:
        metadata = {"object": name, "namespace": self.namespace, "stack": self.stack, "labels": self._labels(workload)}
        text = self._templates.document(kind, {**metadata, **values})
        # What has to survive a pod survives its place in the plan, too, so that no report is deleted without a word.
        retained = kind == "PersistentVolumeClaim"
        rendered = kind not in ("Broker", "Credential")
        manifest = Manifest(
            f"{kind.lower()}-{name}", kind, address, text, depends_on, rendered=rendered, retained=retained
        )
        if not pods or workload is None:
            return manifest
        return replace(manifest, workload=workload.address, needs=self._needs.of(workload))

    @cached_property
    def _needed(self) -> tuple[str, ...]:
        """Returns the name of the manifest that makes the namespace."""
        return () if self.namespace in ALWAYS_THERE else (f"namespace-{self.namespace}",)

    @cached_property
    def _service_names(self) -> frozenset[str]:
        return frozenset(service_name(workload.slug) for workload in self.workloads.values())

    @cached_property
    def _network(self) -> NetworkRules:
        return NetworkRules(self.blueprint, self.workloads, self.connected, self.plan.placements)

    @cached_property
    def _strategies(self) -> dict[str, dict[str, Any]]:
        return strategies_of(self.plan)

    def _stack_objects(self) -> Iterable[Manifest]:
        """Yields what all pods of the stack share."""
        address, needed = f"stack/{self.stack}", self._needed
        if needed:
            yield self._manifest("Namespace", self.namespace, address, {}, ())
        yield self._manifest("ServiceAccount", account_of(self.stack), address, {}, needed)
        role = observers_of(self.stack)
        yield self._manifest("Role", role, address, {"rules": observer_rules(self.workloads.values())}, needed)
        group = f"rohe:{self.namespace}:{self.stack}"
        yield self._manifest("RoleBinding", role, address, {"group": group}, (*needed, f"role-{role}"))
        values: dict[str, Any] = {"headless": True, "selector": self._selector, "ports": []}
        yield self._manifest("Service", replicas_service(self.stack), address, values, needed)
        placed = {f"{placement.pipeline}:{placement.service}" for placement in self.replicas}
        for claim, values in shared_claims(self.blueprint.pipelines, placed):
            yield self._manifest("PersistentVolumeClaim", claim, address, values, needed)
        priorities = {self.workloads[placement.workload].service.priority for placement in self.plan.placements}
        for priority in sorted(priorities - {0}):
            name = priority_class(self.namespace, self.stack, priority)
            description = f"Priority {priority} in the stack {self.stack} of rohe, namespace {self.namespace}."
            yield self._manifest("PriorityClass", name, address, {"value": priority, "description": description}, ())

    def _workload(self, workload: Workload, placements: list[Placement]) -> Iterable[Manifest]:
        """Yields what the replicas of a workload share, and the replicas."""
        selector = {**self._selector, WORKLOAD: workload.slug}
        for name, rules in self._network.policies(workload):
            values: dict[str, Any] = {"selector": selector, **rules}
            yield self._manifest("NetworkPolicy", name, workload.address, values, self._needed, workload)
        ports = exposed_ports(workload)
        if ports:
            values = {"headless": False, "selector": selector, "ports": ports}
            name = service_name(workload.slug)
            yield self._manifest("Service", name, workload.address, values, self._needed, workload)
        if len(placements) > 1 and not workload.service.run_once:
            values = {"selector": selector}
            name = workload.slug
            yield self._manifest("PodDisruptionBudget", name, workload.address, values, self._needed, workload)
        for placement in placements:
            yield from self._replica(workload, placement)

    def _files(self, workload: Workload) -> tuple[MountedFile, ...]:
        return files_of(workload.service, workload.topic, self.attachments.files)

    def _replica(self, workload: Workload, placement: Placement) -> Iterable[Manifest]:
        """Yields the Deployment or Job of a replica, and what its pod mounts."""
        service = self.service_of(workload, placement)
        needed = [*self._needed, f"serviceaccount-{account_of(self.stack)}", f"networkpolicy-{workload.slug}"]
        if service.priority:
            needed.append(f"priorityclass-{priority_class(self.namespace, self.stack, service.priority)}")
        needed += [f"configmap-{file.config_map}" for file in self._files(workload)]
        needed += [f"persistentvolumeclaim-{name}" for name in shared_claims_of(service, workload.pipeline)]
        for name, size in claims_of(service, placement.instance):
            values: dict[str, Any] = {"size": byte_quantity(size), "storage_class": None}
            manifest = self._manifest("PersistentVolumeClaim", name, placement.replica, values, self._needed, workload)
            needed.append(manifest.name)
            yield manifest
        settings = ""
        if workload.role == "agent":
            content = agent_configuration(self.blueprint, self.plan, placement)
            # A changed ConfigMap gets another name, so that pods roll over to it and never read a half-written one.
            settings = f"{placement.instance}-{sha256_hex(content)[:8]}"
            values = {"content": {AGENT_SETTINGS: content.decode()}}
            manifest = self._manifest("ConfigMap", settings, placement.replica, values, self._needed, workload)
            needed.append(manifest.name)
            yield manifest
        devices = pod_devices(placement, service.requests.accelerators, self._devices.get(placement.node, {}))
        claim_name = devices.claim_name(placement.instance)
        if claim_name:
            values = {"annotations": {NODE: placement.node}, "requests": list(devices.requests)}
            manifest = self._manifest("ResourceClaim", claim_name, placement.replica, values, self._needed, workload)
            needed.append(manifest.name)
            yield manifest
        spec = self.blueprint.stack.spec
        keeps = self._broker.uses(workload) and placement.instance not in self.receivers
        if keeps and spec.storage.claim is not None:
            values = {"size": byte_quantity(claim_size(workload, spec)), "storage_class": spec.storage.claim.class_}
            name = storage_claim(placement)
            manifest = self._manifest("PersistentVolumeClaim", name, workload.address, values, self._needed, workload)
            needed.append(manifest.name)
            yield manifest
        needed += self._broker.needs_of(workload)
        yield self._maker(workload, service, placement, settings, devices, tuple(needed))

    def _maker(
        self,
        workload: Workload,
        service: Service,
        placement: Placement,
        settings: str,
        devices: PodDevices,
        needed: tuple[str, ...],
    ) -> Manifest:
        claim = devices.claim_name(placement.instance)
        connected, keeps = self.is_connected(workload), placement.instance not in self.receivers
        spec = self.blueprint.stack.spec
        mounts, volumes = mounts_and_volumes(
            service,
            workload,
            placement.instance,
            secret=self._broker.secret_of(workload),
            settings=settings,
            storage=storage_volume(placement, spec, self.namespace, self.stack, lasts=keeps)
            if self._broker.uses(workload)
            else None,
        )
        add_files(mounts, volumes, self._files(workload), service)
        grace = grace_period(service)
        running = container(
            workload,
            service,
            image_of(workload, service, spec),
            environment(
                service,
                workload,
                self._variables(workload, placement),
                self._broker.url if connected else "",
                self._broker.credentials_of(workload),
            ),
            mounts,
            devices,
        )
        values = {
            "annotations": notes_of(service, placement, self._unreachable_nodes, receives=not keeps),
            "pod_annotations": pod_annotations(service),
            "selector": selector_of(self.stack, placement),
            "labels": {**service.labels, **self._labels(workload), INSTANCE: placement.instance},
            "account": account_of(self.stack),
            "subdomain": replicas_service(self.stack),
            "priority": priority_class(self.namespace, self.stack, service.priority),
            "grace": grace if grace != GRACE_PERIOD else None,
            "security": pod_security(service.kubernetes.security_context, system=workload.system, user=service.user),
            "pull_secrets": [{"name": name} for name in pull_secrets(service, spec)],
            "node": placement.node,
            "claims": [{"name": CLAIM, "resourceClaimName": claim}] if claim else [],
            "tolerations": tolerations(service),
            "strategy": self._strategies[placement.instance],
            "preferred": preferred_nodes(service),
            "skews": topology_spread(service, workload, self.stack),
            **until_its_end(service, running),
            "init": init_containers(service, workload, running, init_resources(service)),
            "volumes": volumes,
        }
        kind = maker_of(service)
        return self._manifest(kind, placement.instance, placement.replica, values, needed, workload, pods=True)

    @cached_property
    def _needs(self) -> Needs:
        return Needs(self.blueprint, self.workloads, self.connected)

    @cached_property
    def _unreachable_nodes(self) -> dict[str, str]:
        return unreachable_nodes(self.blueprint)

    def _variables(self, workload: Workload, placement: Placement) -> dict[str, str]:
        variables = {"ROHE_STACK": self.stack, "ROHE_NODE": placement.node}
        if not workload.system:
            variables = environment_of(self.peer_urls, workload, placement)
        return {**variables, "ROHE_INSTANCE": placement.instance}
