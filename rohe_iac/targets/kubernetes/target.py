"""The target `kubernetes`: a stack in one namespace of a cluster, as the deployer and the commands see it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from lightkube import Client

from rohe_iac.deployment.engine.plugin import find_plugin
from rohe_iac.deployment.foreign_edit import ForeignEdit
from rohe_iac.deployment.held_lock import HeldLock
from rohe_iac.deployment.location import FoundStack, Location
from rohe_iac.deployment.ports import AgentInquirer, Destination, Live, NodeImages, Progress, ProviderPlugin
from rohe_iac.deployment.programs.search import FoundProgram
from rohe_iac.deployment.rotation import Rotated, Rotation
from rohe_iac.foundation.clock import SystemClock
from rohe_iac.foundation.errors import RoheError
from rohe_iac.manifests.kubernetes.labels import MANAGED_BY, STACK, selector_of_stack
from rohe_iac.manifests.kubernetes.pod.once import JOB
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.targets.kubernetes import logs
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.broker_secrets import BROKER, CREDENTIAL, BrokerSecrets
from rohe_iac.targets.kubernetes.cluster import ClusterRefused, open_cluster
from rohe_iac.targets.kubernetes.images.image_pull import image_pulls
from rohe_iac.targets.kubernetes.images.node_images import node_images
from rohe_iac.targets.kubernetes.images.prefetch import Prefetch
from rohe_iac.targets.kubernetes.locking.lease import REQUEST_TIMEOUT, StackLease
from rohe_iac.targets.kubernetes.namespace import EMPTY_WAIT, StackNamespace
from rohe_iac.targets.kubernetes.object import (
    NAMESPACE_LABEL,
    PREFETCH,
    PROJECT,
    ClusterObject,
    engine_inputs,
    object_of,
)
from rohe_iac.targets.kubernetes.objects import claim_changes as claims
from rohe_iac.targets.kubernetes.objects.comparison import ObjectComparison
from rohe_iac.targets.kubernetes.objects.edits import PlannedObject
from rohe_iac.targets.kubernetes.objects.faults import faults_of
from rohe_iac.targets.kubernetes.objects.identity import found_stack, location_of
from rohe_iac.targets.kubernetes.objects.ownership import refuse_objects_of_others
from rohe_iac.targets.kubernetes.objects.past_jobs import remove_past_jobs
from rohe_iac.targets.kubernetes.objects.preflight import refuse_absent_nodes, refuse_unknown_kinds
from rohe_iac.targets.kubernetes.objects.presence import absent
from rohe_iac.targets.kubernetes.objects.removal import kinds_to_look_for, labelled, remove_all, strays
from rohe_iac.targets.kubernetes.objects.rights import refuse_missing_rights
from rohe_iac.targets.kubernetes.parts import by_instance, live_parts, makers_of
from rohe_iac.targets.kubernetes.provider import PROVIDER, kubernetes_plugin
from rohe_iac.targets.kubernetes.readiness import document
from rohe_iac.targets.kubernetes.readiness.nodes import asks_to_skip, lost_nodes, skipped
from rohe_iac.targets.kubernetes.readiness.wiring import with_readiness
from rohe_iac.targets.permit import Permit
from rohe_iac.targets.rohe_plugin import rohe_plugin

SECRETS = (BROKER, CREDENTIAL)
"""The kinds of the manifests that the target makes Secrets of."""

NAMESPACE = "Namespace"
"""The kind of the manifest that the target makes itself: it must exist before the lock, and may be shared."""

LEAST_WAIT = 1.0
"""Seconds that objects get at least to be gone."""

READINESS = "rohe:kubernetes:Readiness"
"""The engine's type of a resource that only waits."""


class KubernetesDeploymentTarget:
    """One stack in a cluster."""

    name = "kubernetes"

    def __init__(self, destination: Destination) -> None:
        self._stack, self._project = destination.stack, destination.project
        self._context = destination.settings.get("context")
        self._namespace = destination.settings.get("namespace", "default")
        self._held, self._begun, self._overwrites = HeldLock(), False, False
        self._uncompared, self._ending = set[str](), set[str]()
        self._replaced: frozenset[str] = frozenset()
        self._folder, self._root = destination.folder, destination.root
        self._objects: dict[Manifest, ClusterObject] = {}
        self._provider: FoundProgram | None = None

    @classmethod
    def of(cls, destination: Destination) -> KubernetesDeploymentTarget:
        """Returns the target of a stack; the cluster is not asked anything yet."""
        return cls(destination)

    @cached_property
    def _client(self) -> Client:
        return open_cluster(self._context, self._namespace)

    @cached_property
    def _server(self) -> ApiServer:
        return ApiServer(self._client)

    @cached_property
    def _own_namespace(self) -> StackNamespace:
        return StackNamespace(self._server, self._namespace, self._stack)

    @cached_property
    def _secrets(self) -> BrokerSecrets:
        return BrokerSecrets(self._server, self._namespace, self._stack, root=self._root)

    @property
    def _selector(self) -> str:
        return selector_of_stack(self._stack)

    @property
    def repairs_by_refresh(self) -> bool:
        """Returns True: the provider compares with the engine's state, which the engine has to bring up to date."""
        return True

    @property
    def waits(self) -> frozenset[str]:
        """Returns the type of a Readiness."""
        return frozenset({READINESS})

    def plugins(self) -> tuple[ProviderPlugin, ...]:
        """Returns the provider for Kubernetes, and rohe's own, which waits.

        Raises:
            NoSuitableProgram: The provider for Kubernetes is not installed.
            ProviderMissing: Rohe's own is not installed.
        """
        if self._provider is None:
            self._provider = find_plugin(PROVIDER, install=False)
        stack = {"namespace": self._namespace, "stack": self._stack}
        settings = {"folder": str(self._folder.path), "root": str(self._root), **stack}
        if self._context is not None:
            settings["context"] = self._context
        cluster = kubernetes_plugin(
            self._provider, self._context, self._namespace, self._location.id, overwrites=self._overwrites
        )
        return cluster, rohe_plugin(settings)

    def install_plugins(self, progress: Callable[[str], None]) -> None:
        """Finds the provider for Kubernetes, or installs it."""
        self._provider = find_plugin(PROVIDER, progress)

    @cached_property
    def _location(self) -> Location:
        return location_of(self._server, self._client)

    def location(self) -> Location:
        """Returns the cluster that the context leads to, by the uid of its namespace kube-system."""
        return self._location

    def found_stack(self) -> FoundStack | None:
        """Returns the stack of this name that is in the namespace, None where there is none."""
        place = f"the namespace {self._namespace} of {self._location.words}"
        return found_stack(self._lease, makers_of(self._server, self._namespace, self._selector), place)

    @cached_property
    def _lease(self) -> StackLease:
        return StackLease(ApiServer(self._client, timeout=REQUEST_TIMEOUT, tries=1), self._namespace, self._stack)

    def permit(self, manifests: Sequence[Manifest]) -> None:
        """Makes the Secrets of manifests, removes empty claims in their way, and lets rohe's own plugin wait for all.

        The provider for Kubernetes is not rohe's own, and makes what the engine asks for.
        """
        if manifests:
            self._begun = True
            self._lease.mark_applied(self._project)
            self._secrets.prepare(manifests)
            changes = claims.claim_changes(self._server, map(self._object, manifests))
            claims.remove_empty_claims(self._server, changes, SystemClock())
            jobs = [item for item in manifests if item.kind == JOB]
            left_out = self.left_out(jobs)
            past = {item.name: (item.digest, self._object(item)) for item in jobs if item.name not in left_out}
            self._replaced |= remove_past_jobs(self._server, past, SystemClock())
        permitted = [manifest.text for manifest in manifests if manifest.kind == document.KIND]
        Permit(self._folder, self._root).write(permitted)

    def left_out(self, manifests: Sequence[Manifest]) -> Mapping[str, str]:
        """Returns the Deployments of nodes that are NotReady and to be skipped, each with the node's condition."""
        objects = {manifest.name: self._object(manifest) for manifest in manifests if manifest.workload}
        return skipped(objects, self._nodes or ()) if asks_to_skip(objects) else {}

    def with_readiness(self, manifests: Sequence[Manifest], *, removes: bool) -> tuple[Manifest, ...]:
        """Returns the manifests with a Readiness for each workload, after which all that needs the workload is made."""
        objects = {manifest.name: self._object(manifest) for manifest in manifests if manifest.workload}
        present = self._listed("apps/v1", "Deployment")
        return with_readiness(manifests, objects, self._stack, present, removes=removes)

    @contextlib.contextmanager
    def lock(
        self, purpose: str, wanted: Sequence[Manifest], *, patience: float, note: Callable[[str], None]
    ) -> Iterator[HeldLock]:
        """Holds the stack's lease; without a namespace there is nothing to lock.

        A namespace is made after all checks alone, and removed where the command ends before anything is made in it.
        """
        made = False
        if wanted:
            self._own_namespace.refuse_ending()
        if wanted and self._own_namespace.found() is None:
            self.preflight(wanted)
            for manifest in wanted:
                made |= manifest.kind == NAMESPACE and self._own_namespace.ensure(self._object(manifest))
        try:
            # Nothing can be made in a namespace that is being deleted, a lease included.
            if self._own_namespace.found() is None or self._own_namespace.is_ending:
                yield HeldLock()
            else:
                with self._lease.held(purpose, patience, note) as self._held:
                    yield self._held
        except BaseException:
            if made and not self._begun:
                with contextlib.suppress(RoheError):
                    # Where there is a lease, another command has begun in it.
                    if self._server.get(self._lease.key) is None:
                        self._own_namespace.remove(SystemClock(), EMPTY_WAIT)
            raise

    def resource_type(self, manifest: Manifest) -> str | None:
        """Returns the engine's type of the manifest's resource; the target makes namespace and Secrets itself."""
        if manifest.kind in (NAMESPACE, *SECRETS):
            return None
        if manifest.kind == document.KIND:
            return READINESS
        found = self._object(manifest)
        api_version = found.api_version if "/" in found.api_version else f"core/{found.api_version}"
        return f"kubernetes:{api_version}:{found.kind}"

    def inputs(self, manifest: Manifest) -> Mapping[str, Any]:
        """Returns the object that the provider applies, or the document that rohe's own reads."""
        if manifest.kind == document.KIND:
            return {"name": manifest.name, "manifest": manifest.text}
        return engine_inputs(self._object(manifest), self._namespace, self._project, self._stack, manifest)

    def preflight(self, manifests: Sequence[Manifest]) -> None:
        """Checks that the cluster answers and knows the kinds of all objects.

        Raises:
            RoheError: The cluster cannot be reached, or does not take the credentials.
            NodeGone: A planned node is not in the cluster; the detail names what is planned on it.
            KindUnknown: The cluster does not know a kind; the detail names each with what needs it.
            ClaimsFixed: Claims have volumes that cannot become what the plan asks for; the detail names each.
            RightsMissing: This user may not do what apply has to; the detail names each right.
            OfAnotherStack: Objects of the plan's names belong to another stack; the detail names each.
        """
        objects = [(manifest, self._object(manifest)) for manifest in manifests]
        refuse_unknown_kinds(self._server, objects)
        kinds = {(found.api_version, found.kind) for manifest, found in objects if manifest.kind != NAMESPACE}
        refuse_missing_rights(self._server, self._namespace, kinds)
        owner = {STACK: self._stack, PROJECT: self._project, NAMESPACE_LABEL: self._namespace}
        keys = {found.key: manifest.address for manifest, found in objects if manifest.kind != NAMESPACE}
        refuse_objects_of_others(self._server, owner, self._namespace, keys)
        claims.refuse_fixed_claims(claims.claim_changes(self._server, map(self._object, manifests)))
        refuse_absent_nodes(self._nodes, objects)

    def live(self) -> tuple[Live, ...]:
        """Returns every part of the stack in the cluster, sorted by instance."""
        pods = [pod for pod in self._listed("v1", "Pod") if PREFETCH not in pod.labels]
        makers = makers_of(self._server, self._namespace, self._selector)
        parts = live_parts(makers, pods, lost_nodes(self._nodes, makers))
        return tuple(map(self._secrets.with_expiry, parts))

    def obstacles(self) -> tuple[str, ...]:
        """Returns what `edits` could not compare, what is being deleted, and certificates that expire soon."""
        unseen = f"{', '.join(sorted(self._uncompared))} are not compared with the plan: this user may not list them"
        uncompared = [unseen] if self._uncompared else []
        return (*uncompared, *self._own_namespace.warning(), *sorted(self._ending), *self._secrets.expiring())

    def node_images(self) -> Mapping[str, NodeImages]:
        """Returns what each node of the cluster says it has, by name of the node."""
        return node_images(self._server.list(self._server.kinds["v1", "Node"], ""))

    def prefetch(
        self, manifests: Sequence[Manifest], stack: Sequence[Manifest], progress: Progress, *, fail_fast: bool
    ) -> None:
        """Pulls images on their nodes.

        Raises:
            NotPulled: Images cannot be pulled.
        """
        labels = {MANAGED_BY: "rohe", STACK: self._stack, PROJECT: self._project}
        prefetch = Prefetch(self._server, self._namespace, labels, progress, SystemClock())
        prefetch.run(image_pulls(manifests, stack), self._nodes, fail_fast=fail_fast)

    def faults(self, manifests: Sequence[Manifest]) -> Mapping[str, str]:
        """Returns what is absent, is being deleted, does not run or is not of the plan, each with what is amiss."""
        present = {item.key: item for item in self._labelled(manifests)}
        namespace = self._own_namespace.found()
        there = present | ({namespace.key: namespace} if namespace is not None else {})
        wanted = [(manifest.address, self._object(manifest)) for manifest in manifests]
        strays = self._strays(manifests, present.values())
        return faults_of(wanted, there, self.live(), self._secrets.due(manifests), strays)

    def gone(self, manifests: Sequence[Manifest]) -> tuple[str, ...]:
        """Returns the names of those whose object is not in the cluster, which the engine believes to be there."""
        # Of a Job that was removed because it is another one now, the engine knows that it has to replace it.
        wanted = {item.name: self._object(item) for item in manifests if item.name not in self._replaced}
        return absent(self._server, self._namespace, self._selector, wanted)

    def edits(self, wanted: Sequence[Manifest], applied: Sequence[Manifest]) -> tuple[ForeignEdit, ...]:
        """Returns the fields of objects that others changed and that the next apply would write again."""
        comparison = ObjectComparison(self._server, self._namespace, self._selector, self._uncompared, self._ending)
        planned, before = (
            [PlannedObject(manifest.address, self._object(manifest), manifest.sha256) for manifest in manifests]
            for manifests in (wanted, applied)
        )
        return comparison.edits(planned, {item.object.key: item for item in before})

    def overwrite_edits(self) -> None:
        """Lets the provider write fields that others own; without, the API server refuses that."""
        self._overwrites = True

    def logs(self, instances: Sequence[str], *, lines: int, follow: bool) -> Iterator[tuple[str, str]]:
        """Yields lines of the pods' output as (instance, line)."""
        pods = by_instance(instances, self._listed("v1", "Pod"))
        return (logs.follow if follow else logs.read)(self._server, self._namespace, pods, lines=lines)

    def inquirer(self, timeout: float) -> contextlib.AbstractContextManager[AgentInquirer]:
        """Returns a context that asks the agents through their pods."""
        # Every other command goes without websockets and the client of a broker.
        from rohe_iac.targets.kubernetes.inquiry import PodInquirer

        def pods_of(instance: str) -> tuple[ClusterObject, ...]:
            return tuple(by_instance([instance], self._listed("v1", "Pod"))[instance])

        return contextlib.nullcontext(PodInquirer(self._client, pods_of, timeout))

    def rotate(self, manifests: Sequence[Manifest], asked: tuple[Rotation, ...]) -> Rotated:
        """Replaces values of the Secrets of the broker and its clients."""
        return self._secrets.rotate(manifests, asked)

    def sweep(self, manifests: Sequence[Manifest]) -> tuple[str, ...]:
        """Removes objects of the stack that no manifest asks for, and returns their names."""
        self._secrets.settle(manifests)
        found = self._strays(manifests, self._labelled(manifests))
        for item in found:
            self._server.delete(item)
        return tuple(str(item) for item in found)

    def leave(self, former: Sequence[Manifest], manifests: Sequence[Manifest]) -> tuple[str, ...]:
        """Removes what is left in former namespaces, all but claims, and returns what stays."""
        places = {self._object(item).namespace for item in former} - {self._namespace, ""}
        left = [StackNamespace(self._server, place, self._stack) for place in sorted(places)]
        wanted = {self._object(item).key for item in manifests}
        return tuple(filter(None, (place.clear(self._selector, wanted, SystemClock()) for place in left)))

    def end(self, *, timeout: float, applied: Sequence[Manifest] = ()) -> tuple[str, ...]:
        """Removes every object of the stack, waits until all are gone, and removes the namespace where it may.

        Raises:
            NotRemoved: Objects, or the namespace, are left after `timeout` seconds.
        """
        clock = SystemClock()
        deadline = clock.monotonic() + timeout
        of_stack, wait = self._kinds(applied), max(timeout, LEAST_WAIT)
        remove_all(self._server, self._namespace, self._selector, clock, wait, of_stack, check=self._held.check)
        self._lease.end_with_stack()
        stays = self._own_namespace.remove(clock, max(LEAST_WAIT, deadline - clock.monotonic()))
        return (stays,) if stays else ()

    @property
    def _nodes(self) -> tuple[ClusterObject, ...] | None:
        """Returns the cluster's nodes; None where this user may not list them."""
        try:
            return tuple(self._server.list(self._server.kinds["v1", "Node"], ""))
        except ClusterRefused:
            return None

    def _object(self, manifest: Manifest) -> ClusterObject:
        if manifest not in self._objects:
            secret = manifest.kind in SECRETS
            self._objects[manifest] = self._secrets.object_of(manifest) if secret else object_of(manifest)
        return self._objects[manifest]

    def _kinds(self, manifests: Sequence[Manifest]) -> frozenset[tuple[str, str]]:
        """Returns the kinds of objects that the stack has or had: those of all manifests that this command has met."""
        found = (*self._objects.values(), *map(self._object, manifests))
        return frozenset((item.api_version, item.kind) for item in found)

    def _labelled(self, manifests: Sequence[Manifest]) -> Iterable[ClusterObject]:
        """Yields what the cluster has of the stack, of all kinds that it may have, with metadata only."""
        of_stack = self._kinds(manifests)
        kinds = kinds_to_look_for(self._server, of_stack)
        return labelled(self._server, self._namespace, self._selector, kinds, of_stack)

    def _listed(self, api_version: str, kind: str) -> tuple[ClusterObject, ...]:
        found = self._server.kinds[api_version, kind]
        return tuple(self._server.list(found, self._namespace, self._selector))

    def _strays(self, manifests: Sequence[Manifest], found: Iterable[ClusterObject]) -> tuple[ClusterObject, ...]:
        wanted = {self._object(manifest).key for manifest in manifests}
        unwanted = strays(found, wanted | {secret.key for secret in self._secrets.further(manifests)})
        # A claim may still have reports that no agent has heard: it stays until the stack is destroyed.
        return tuple(item for item in unwanted if item.kind != claims.CLAIM)
