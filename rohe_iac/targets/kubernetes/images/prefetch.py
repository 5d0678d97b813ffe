"""Prefetch: has nodes pull the images that their pods are about to need, before anything is changed.

A pod for each node and image is bound to the node, so that the kubelet pulls the image with the rights of the stack's
own pods. Its command names a program that no image has: the container ends as soon as the image is there, whatever the
image holds, and nothing of it runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx2

from rohe_iac.deployment.ports import Progress
from rohe_iac.foundation.clock import Clock
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.quantities import counted
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.cluster import ObjectRefused
from rohe_iac.targets.kubernetes.images.image_pull import ImagePull, PullState, pull_state
from rohe_iac.targets.kubernetes.object import PREFETCH, ClusterObject
from rohe_iac.targets.kubernetes.objects.removal import CONNECTIONS, NAMED
from rohe_iac.targets.kubernetes.readiness.nodes import not_ready_words
from rohe_iac.targets.kubernetes.readiness.observed import KubernetesObject, holds

SIMULATED = "kwok.x-k8s.io/node"
"""The annotation of a node that kwok simulates."""

COMMAND = "/rohe-prefetch-runs-nothing"
"""The program of the containers, which no image has."""

USER = 65532
"""The user of the containers: a namespace of the level `restricted` takes none that may be root."""

RESOURCES = {"cpu": "10m", "memory": "16Mi"}
"""Requests and limits: namespaces with a quota take only pods that state them."""

POLL = 0.5
"""Seconds between two looks at the pods."""

LOOK_AT_NODES = 10.0
"""Seconds between two looks at the nodes."""

PATIENCE = 15.0
"""Seconds for which a namespace that was just made may have no service account yet."""


class NotPulled(RoheError):
    """Images could not be pulled on their nodes; nothing was changed."""

    exit_code = ExitCode.PARTIAL


@dataclass
class Prefetch:
    """The images of one stack on their way to the nodes.

    Attributes:
        server: The API server.
        namespace: The namespace of the stack, which exists.
        labels: The labels of the stack's objects, by which sweep and destroy find pods of a killed apply.
        progress: Receives the begin and end of each pull.
        clock: The clock to wait by.
    """

    server: ApiServer
    namespace: str
    labels: Mapping[str, str]
    progress: Progress
    clock: Clock

    def run(self, pulls: Sequence[ImagePull], nodes: Sequence[ClusterObject] | None, *, fail_fast: bool) -> None:
        """Pulls the images, and removes the pods that did it, whatever happens.

        Args:
            pulls: The images and where they go.
            nodes: The nodes of the cluster; None where this user may not list them.
            fail_fast: Whether the first failure ends the others.

        Raises:
            NotPulled: Images cannot be pulled; the detail has each with the words of its node or of the API server.
        """
        simulated = [node.name for node in nodes or () if SIMULATED in node.annotations]
        if any(pull.node in simulated for pull in pulls):
            self.progress.on_note("simulated nodes pull nothing: only the way there is tried on them")
        self._remove()
        failures: dict[ImagePull, str] = {}
        try:
            self._wait(self._begun(self._on_ready_nodes(pulls, nodes, failures), failures), failures, fail_fast)
        finally:
            self._remove()
        if failures:
            lines = [f"{pull}: {words}" for pull, words in sorted(failures.items(), key=lambda item: str(item[0]))]
            more = [f"and {len(lines) - NAMED} more"] if len(lines) > NAMED else []
            raise NotPulled(
                f"{counted(len(lines), 'image')} could not be pulled, so nothing was changed",
                detail="\n".join([*lines[:NAMED], *more]),
                hint="check the image's name and the Secrets of its registry; `rohe images` lists what each node needs",
            )

    def _on_ready_nodes(
        self, pulls: Iterable[ImagePull], nodes: Sequence[ClusterObject] | None, failures: dict[ImagePull, str]
    ) -> list[ImagePull]:
        """Returns the pulls on nodes that answer; what the others mean is as the blueprint says."""
        silent = {
            node.name: not_ready_words(node.name, node.body) for node in nodes or () if not holds(node.body, "Ready")
        }
        reached = []
        for pull in pulls:
            if pull.node not in silent:
                reached.append(pull)
                continue
            self.progress.on_failure("pull", str(pull), silent[pull.node])
            if pull.unreachable == "fail":
                failures[pull] = silent[pull.node]
        return reached

    def _begun(self, pulls: Sequence[ImagePull], failures: dict[ImagePull, str]) -> dict[ImagePull, float]:
        """Makes the pods, and returns when the pull of each began."""
        begun: dict[ImagePull, float] = {}
        for pull in pulls:
            self.progress.on_begin("pull", str(pull))
            begun[pull] = self.clock.monotonic()
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            for pull, refused in zip(pulls, pool.map(self._create, pulls), strict=True):
                if refused:
                    self._fail(pull, refused, failures)
                    begun.pop(pull)
        return begun

    def _wait(self, begun: dict[ImagePull, float], failures: dict[ImagePull, str], fail_fast: bool) -> None:
        looked = self.clock.monotonic()
        while begun and not (failures and fail_fast):
            pods = {pod.name: pod for pod in self._pods()}
            for pull in tuple(begun):
                pod = pods.get(self._name(pull))
                state, words = pull_state(pod.body, self._warnings) if pod is not None else _REMOVED
                if state is PullState.PULLED:
                    self.progress.on_end("pull", str(pull), self.clock.monotonic() - begun.pop(pull))
                elif state is PullState.FAILED:
                    self._fail(pull, words, failures)
                    begun.pop(pull)
            if begun and self.clock.monotonic() - looked >= LOOK_AT_NODES:
                looked = self.clock.monotonic()
                left = self._on_ready_nodes(tuple(begun), self._nodes(), failures)
                begun = {pull: moment for pull, moment in begun.items() if pull in left}
            if begun:
                self.clock.sleep(POLL)

    def _fail(self, pull: ImagePull, words: str, failures: dict[ImagePull, str]) -> None:
        failures[pull] = words
        self.progress.on_failure("pull", str(pull), words)

    def _create(self, pull: ImagePull) -> str:
        """Makes the pod of a pull, and returns why the API server does not take it, "" where it does."""
        deadline = self.clock.monotonic() + PATIENCE
        while True:
            try:
                self.server.create(self._pod(pull))
                return ""
            except ObjectRefused as error:
                message = " ".join(error.words.split())
                # Controllers make the account of a new namespace in their own time.
                early = "serviceaccount" in message and "not found" in message
                taken = error.code == httpx2.codes.CONFLICT  # by a pod that is just being removed
                if not (early or taken) or self.clock.monotonic() >= deadline:
                    return f"the cluster refuses the pod that pulls it: {message}"
            self.clock.sleep(POLL)

    def _name(self, pull: ImagePull) -> str:
        return "rohe-prefetch-" + hashlib.sha256(f"{self.labels} {pull}".encode()).hexdigest()[:16]

    def _pod(self, pull: ImagePull) -> ClusterObject:
        container: dict[str, Any] = {
            "name": "image",
            "image": pull.image,
            "command": [COMMAND],
            "resources": {"requests": RESOURCES, "limits": RESOURCES},
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            **({"imagePullPolicy": pull.policy} if pull.policy else {}),
        }
        spec = {
            "nodeName": pull.node,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "tolerations": list(pull.tolerations),
            "imagePullSecrets": [{"name": name} for name in pull.secrets],
            "containers": [container],
        }
        metadata = {
            "name": self._name(pull),
            "namespace": self.namespace,
            "labels": {**self.labels, PREFETCH: "true"},
        }
        return ClusterObject({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})

    def _pods(self) -> tuple[ClusterObject, ...]:
        selector = ",".join(f"{name}={value}" for name, value in {**self.labels, PREFETCH: "true"}.items())
        return tuple(self.server.list(self.server.kinds["v1", "Pod"], self.namespace, selector))

    def _nodes(self) -> tuple[ClusterObject, ...] | None:
        try:
            return tuple(self.server.list(self.server.kinds["v1", "Node"], ""))
        except RoheError:
            return None  # the pods will say what is wrong

    def _warnings(self, pod: str) -> tuple[KubernetesObject, ...]:
        """Returns the warnings about a pod, oldest first; before Kubernetes 1.31 only they have a registry's words."""
        selector = f"involvedObject.name={pod},type!=Normal"
        kind = self.server.kinds["v1", "Event"]
        found = (event.body for event in self.server.list(kind, self.namespace, fields=selector))
        return tuple(sorted(found, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or "")))

    def _remove(self) -> None:
        for pod in self._pods():
            self.server.delete(pod)


_REMOVED = (PullState.FAILED, "its pod was removed by somebody else")
