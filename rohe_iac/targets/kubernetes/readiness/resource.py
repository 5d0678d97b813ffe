"""Readiness resource: what the provider makes of a Readiness document, which is to wait."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from rohe_iac.deployment.ports import PENDING, UNHEARD
from rohe_iac.foundation.clock import SystemClock
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.manifests.kubernetes.pod.once import JOB
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.cluster import open_cluster
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.readiness.awaited import AwaitedReplica
from rohe_iac.targets.kubernetes.readiness.document import Readiness, readiness_of
from rohe_iac.targets.kubernetes.readiness.generations import Generations
from rohe_iac.targets.kubernetes.readiness.hearing import AgentAnswers, Hearing
from rohe_iac.targets.kubernetes.readiness.nodes import node_of, not_ready_words
from rohe_iac.targets.kubernetes.readiness.observed import KubernetesObject, holds, name_of
from rohe_iac.targets.kubernetes.readiness.prospect import ENDED, OVERDUE, Prospect, Standing
from rohe_iac.targets.kubernetes.readiness.stack_objects import DEPLOYMENTS, PODS
from rohe_iac.targets.kubernetes.readiness.waiting import ReplicaWait
from rohe_iac.targets.kubernetes.readiness.watching import StackWatch
from rohe_iac.targets.manifest_document import ManifestDocument

LAST_LINES = 8
"""Last lines of a crashed container's output that its failure shows."""

PATIENCE = 3.0
"""Seconds that an agent has to answer."""

LONGEST_LINE = 300
"""Characters of such a line."""


LONGEST_END = 60.0
"""Seconds for which the end of a pod is waited for that has not ended in time."""

PAUSE = 0.5
"""Seconds between two looks at its Job."""


class WorkloadNotReady(RoheError):
    """A replica will not become ready by itself."""

    exit_code = ExitCode.PARTIAL


@dataclass
class ClusterSite:
    """One stack in a cluster, with everything that waiting needs.

    Attributes:
        context: The context of the kubeconfig, None for the current one.
        namespace: The stack's namespace.
        stack: Name of the stack.
        cancelled: Is set when apply was interrupted, which ends every wait.
        tell: Is told what a workload waits for, with the workload's address, where that takes long.
        note: Is told what was done beside waiting.
    """

    context: str | None
    namespace: str
    stack: str
    cancelled: threading.Event = field(default_factory=threading.Event)
    tell: Callable[[str, str], None] = lambda *_: None
    note: Callable[[str], None] = lambda _: None
    _opening: threading.RLock = field(default_factory=threading.RLock)

    @cached_property
    def server(self) -> ApiServer:
        """Returns the API server, for single requests."""
        return ApiServer(open_cluster(self.context, self.namespace))

    @property
    def generations(self) -> Generations:
        """Returns the generations of the stack's Deployments."""
        with self._opening:
            return self._generations

    @property
    def watch(self) -> StackWatch:
        """Returns the one watch of the run."""
        with self._opening:
            return self._watch

    @property
    def answers(self) -> AgentAnswers:
        """Returns what the stack's agents say."""
        with self._opening:
            return self._answers

    def age_of(self, pod: str) -> float:
        """Returns how many seconds ago a pod of the stack was made, 0 where the watch does not have it."""
        begun = [item["metadata"]["creationTimestamp"] for item in self.watch.objects.all(PODS) if name_of(item) == pod]
        return SystemClock().now() - datetime.fromisoformat(begun[0]).timestamp() if begun else 0.0

    @cached_property
    def _answers(self) -> AgentAnswers:
        # A stack whose pipelines nobody observes goes without websockets.
        from rohe_iac.targets.kubernetes.inquiry import PodInquirer

        inquirer = PodInquirer(open_cluster(self.context, self.namespace), self._pods_of, PATIENCE)
        return AgentAnswers(lambda agent: dict(inquirer.ask(agent, "status")[0]))

    def _pods_of(self, instance: str) -> tuple[ClusterObject, ...]:
        pods = self.watch.objects.observed(instance, "").pods
        return tuple(ClusterObject({**pod, "apiVersion": "v1", "kind": "Pod"}) for pod in pods)

    @cached_property
    def _generations(self) -> Generations:
        return Generations(self.server, self.namespace, self.stack)

    @cached_property
    def _watch(self) -> StackWatch:
        return StackWatch(self.server, self.namespace, self.stack, self.cancelled)


class ReadinessResource:
    """The readiness of one workload; to make it is to wait for it."""

    def make(self, site: ClusterSite, document: ManifestDocument) -> Mapping[str, Mapping[str, str]]:
        """Waits until every replica is ready, or pending because its node does not answer.

        Returns:
            PENDING: why replicas are not ready that are not waited for, by address. UNHEARD: why replicas count as
            ready that their agents have not heard, by address.

        Raises:
            WorkloadNotReady: A replica will not become ready by itself; the detail has its last lines of output.
            RoheError: The cluster is out of reach, or the run was cancelled.
        """
        wanted = readiness_of(document)

        def end(replica: AwaitedReplica, pod: KubernetesObject, node: KubernetesObject) -> None:
            site.note(_superseded(site, replica, pod, node))

        def is_gone(replica: AwaitedReplica) -> bool:
            try:
                if replica.runs_once:
                    return site.server.get(("batch/v1", JOB, site.namespace, replica.instance)) is None
                return replica.instance not in site.generations.now([replica.instance])
            except RoheError:
                return False  # the watch judges for how long the cluster may be out of reach

        def make_room(replica: AwaitedReplica) -> None:
            _make_room(site, wanted, replica)

        hearing = Hearing(wanted.agents, site.answers, site.age_of)
        wait = ReplicaWait(
            site.watch,
            tell=lambda words: site.tell(wanted.address, words),
            heard=hearing,
            make_room=make_room,
            supersede=end,
            is_gone=is_gone,
        )
        prospects = wait.until_settled(self._with_generations(site, wanted))
        failed = {name: item for name, item in prospects.items() if item.standing is Standing.FAILED}
        if failed:
            error = _failure(site, wanted, failed, prospects)
            for instance, prospect in failed.items():
                if prospect.kind == OVERDUE:
                    _end(site, instance, prospect)
            raise error
        pending = {
            replica.address: prospects[replica.instance].words
            for replica in wanted.replicas
            if prospects[replica.instance].standing in (Standing.PENDING, Standing.SKIPPED)
        }
        return {PENDING: pending, UNHEARD: hearing.unheard}

    def holds(self, site: ClusterSite, document: ManifestDocument) -> bool:
        """Returns whether every replica is ready now."""
        wanted = readiness_of(document)
        site.watch.start()
        replicas = self._with_generations(site, wanted)
        waiting = ReplicaWait(site.watch)
        return all(waiting.standing(replica).standing is Standing.READY for replica in replicas)

    def remove(self, site: ClusterSite, document: ManifestDocument) -> None:
        """Does nothing: nothing was made."""

    def _with_generations(self, site: ClusterSite, wanted: Readiness) -> tuple[AwaitedReplica, ...]:
        """Returns the replicas with the present generations of their Deployments, which the watch may not know yet."""
        lasting = [replica.instance for replica in wanted.replicas if not replica.runs_once]
        generations = site.generations.now(lasting) if lasting else {}
        return tuple(replace(replica, generation=generations.get(replica.instance, 0)) for replica in wanted.replicas)


def _failure(
    site: ClusterSite, wanted: Readiness, failed: Mapping[str, Prospect], prospects: Mapping[str, Prospect]
) -> WorkloadNotReady:
    """Returns the error of a workload of which replicas have failed."""
    addresses = {replica.instance: replica.address for replica in wanted.replicas}
    briefs = [
        prospect.words if len(prospects) == 1 else f"{addresses[name]}: {prospect.words}"
        for name, prospect in sorted(failed.items())
    ]
    lines = briefs[1:]
    for name, prospect in sorted(failed.items()):
        if prospect.container:
            lines += [f"last lines of {addresses[name]}:", *_last_lines(site, prospect)]
        if prospect.kind == ENDED:
            lines.append(f"`rohe logs {addresses[name]}` has its log, until it runs again")
    ready = sum(item.standing is Standing.READY for item in prospects.values())
    if ready:
        lines.append(f"{ready} of {len(prospects)} replicas are ready")
    return WorkloadNotReady(briefs[0], detail="\n".join(lines))


def _end(site: ClusterSite, instance: str, prospect: Prospect) -> None:
    """Deletes the pod of a replica that has not ended in time, and waits until its Job has failed of that.

    So the next apply runs it again, and does not await this run.
    """
    metadata = {"name": prospect.pod, "namespace": site.namespace}
    clock = SystemClock()
    deadline = clock.monotonic() + LONGEST_END
    with contextlib.suppress(RoheError):
        site.server.delete(ClusterObject({"apiVersion": "v1", "kind": "Pod", "metadata": metadata}))
        while clock.monotonic() < deadline and not site.cancelled.is_set():
            job = site.server.get(("batch/v1", JOB, site.namespace, instance))
            if job is None or holds(job.body, "Failed"):
                return
            clock.sleep(PAUSE)


def _make_room(site: ClusterSite, wanted: Readiness, replica: AwaitedReplica) -> None:
    """Deletes the Deployments on a replica's node that the run removes anyway: beside them it has no room."""
    for found in site.watch.objects.all(DEPLOYMENTS):
        removed = ClusterObject({**found, "apiVersion": "apps/v1", "kind": "Deployment"})
        if removed.name in wanted.removed and node_of(removed) == replica.node and not removed.is_ending:
            site.server.delete(removed)
            site.note(
                f"{removed.name} is removed first: node {replica.node} has no room for {replica.address} beside it"
            )


def _superseded(site: ClusterSite, replica: AwaitedReplica, pod: KubernetesObject, node: KubernetesObject) -> str:
    """Deletes the object of a pod that was left behind on a silent node, and returns what that means."""
    site.server.delete(ClusterObject({**pod, "apiVersion": "v1", "kind": "Pod"}), grace=0)
    return (
        f"{replica.address} was moved: {not_ready_words(name_of(node), node)} Its old pod {name_of(pod)} was removed "
        "from the cluster, and may still run there until the node is back; reports that it has not sent stay there"
    )


def _last_lines(site: ClusterSite, prospect: Prospect) -> list[str]:
    """Returns the last lines of a container's output, of its run before where the present one has written nothing."""
    path = f"/api/v1/namespaces/{site.namespace}/pods/{prospect.pod}/log"
    for previous in ("false", "true"):
        query = {"container": prospect.container, "tailLines": str(LAST_LINES), "previous": previous}
        with contextlib.suppress(RoheError):
            lines = [f"| {line[:LONGEST_LINE]}" for line in site.server.lines(path, query, follow=False)]
            if lines:
                return lines
    return ["| (the cluster has none)"]
