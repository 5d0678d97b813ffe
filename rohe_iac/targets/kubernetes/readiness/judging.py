"""Judging: one prospect on a replica from the states of its objects; pure, so that recorded states can be judged."""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.targets.kubernetes.container_state import ContainerState, container_states, main_container
from rohe_iac.targets.kubernetes.readiness.awaited import AwaitedReplica
from rohe_iac.targets.kubernetes.readiness.nodes import not_ready_words
from rohe_iac.targets.kubernetes.readiness.observed import KubernetesObject, Observed, condition, holds, name_of
from rohe_iac.targets.kubernetes.readiness.prospect import ABSENT, SETTLING, Prospect, Standing, waiting
from rohe_iac.targets.kubernetes.readiness.reasons.claims import claim_prospects, claim_words
from rohe_iac.targets.kubernetes.readiness.reasons.container_reasons import container_prospects
from rohe_iac.targets.kubernetes.readiness.reasons.pod_reasons import (
    creation_prospect,
    pod_prospects,
    rejection_prospect,
)

GONE = "its Deployment is not in the cluster any more; `rohe apply` makes it again"
"""What is said of a replica without a Deployment, for which nobody is to wait."""


def judge(awaited: AwaitedReplica, observed: Observed) -> Prospect:
    """Returns where a replica stands.

    Ready is a replica whose Deployment is observed at the awaited generation or a later one, with as many Ready pods of
    exactly its present template as it asks for, whose container runs the planned image where the plan names its digest.

    Args:
        awaited: What has to be ready.
        observed: What the cluster has of it.
    """
    deployment = observed.deployment
    if deployment is None:
        return node_prospect(awaited, observed) or Prospect(Standing.FAILED, ABSENT, GONE, settling=SETTLING)
    generation = deployment.get("metadata", {}).get("generation", 0)
    seen = deployment.get("status", {}).get("observedGeneration", 0)
    if generation < awaited.generation or seen < generation:
        return node_prospect(awaited, observed) or waiting("the cluster has not begun with its Deployment")
    wanted = deployment.get("spec", {}).get("replicas", 1)
    ready = [pod for pod in observed.current_pods() if holds(pod, "Ready")]
    if len(ready) >= wanted:
        return _image_prospect(awaited, ready) or _ready(ready)
    unready = [pod for pod in observed.current_pods() if not holds(pod, "Ready")]
    return next(_reasons(awaited, observed, unready), None) or waiting(doing(observed, unready))


def _ready(pods: list[KubernetesObject]) -> Prospect:
    """Returns the prospect on a replica of which these pods are Ready; none where its Deployment asks for none."""
    if not pods:
        return Prospect(Standing.READY)
    containers = pods[0].get("spec", {}).get("containers") or ()
    first = next((str(item.get("name", "")) for item in containers), "")
    return Prospect(Standing.READY, pod=name_of(pods[0]), container=first)


def _reasons(awaited: AwaitedReplica, observed: Observed, unready: list[KubernetesObject]) -> Iterator[Prospect]:
    """Yields what keeps the replica from being ready, what explains most first."""
    found = node_prospect(awaited, observed)
    if found is not None:
        yield found
    for pod in unready:
        yield from claim_prospects(pod, observed)
        yield from container_prospects(pod, observed)
        yield from pod_prospects(pod, observed)
    for prospect in (rejection_prospect(observed), creation_prospect(observed), _deadline_prospect(observed, unready)):
        if prospect is not None:
            yield prospect


def node_prospect(awaited: AwaitedReplica, observed: Observed) -> Prospect | None:
    """Returns what the planned node means where it is gone or does not answer, or None where it is Ready."""
    if not awaited.node:
        return None
    node = observed.node
    if node is None:
        words = f"node {awaited.node} is not in the cluster"
        return Prospect(Standing.FAILED, "node", words, settling=SETTLING)
    if holds(node, "Ready"):
        return None
    words = not_ready_words(awaited.node, node)
    standing = {"skip": Standing.SKIPPED, "fail": Standing.FAILED}.get(awaited.unreachable, Standing.PENDING)
    return Prospect(standing, "unreachable", words)


def _image_prospect(awaited: AwaitedReplica, ready: list[KubernetesObject]) -> Prospect | None:
    """Returns a failure where a Ready pod runs an image of another digest than the plan names."""
    _, _, digest = awaited.image.partition("@")
    for pod in ready if digest else ():
        running = main_container(pod).image_id
        if "@sha256:" in running and not running.endswith(digest):
            words = f"it runs {running}, and the plan names {digest}"
            return Prospect(Standing.FAILED, "image", words, name_of(pod))
    return None


def _deadline_prospect(observed: Observed, unready: list[KubernetesObject]) -> Prospect | None:
    """Returns a failure where the Deployment's own deadline for the present template has passed."""
    progressing = condition(observed.deployment or {}, "Progressing")
    current = observed.current_set()
    if progressing is None or current is None or progressing.get("reason") != "ProgressDeadlineExceeded":
        return None
    if name_of(current) not in str(progressing.get("message", "")):
        return None  # that was the template before
    seconds = (observed.deployment or {}).get("spec", {}).get("progressDeadlineSeconds", 600)
    pod = unready[0] if unready else None
    running = [state.name for state in container_states(pod or {}) if state.is_running or state.last_end is not None]
    return Prospect(
        Standing.FAILED,
        "deadline",
        f"not ready within {seconds} s: {doing(observed, unready)}",
        name_of(pod) if pod is not None else "",
        running[0] if running else "",
        settling=SETTLING,
    )


def doing(observed: Observed, unready: list[KubernetesObject]) -> str:
    """Returns what the replica is at, in the cluster's words."""
    if not unready:
        ending = [pod for pod in observed.pods if pod.get("metadata", {}).get("deletionTimestamp")]
        return f"pod {name_of(ending[0])} is being stopped first" if ending else "its pod is not made yet"
    pod = unready[0]
    claimed = claim_words(pod, observed)
    if claimed:
        return claimed
    if observed.leaving:
        return f"pod {observed.leaving[0]} is to leave its node first"
    warning = observed.last_warning(name_of(pod))
    if warning is not None:
        return f"{warning.get('reason', '')}: {' '.join(str(warning.get('message', '')).split())}"
    for state in container_states(pod):
        if state.waits_for:
            return _pull(pod, state, observed) or f"container {state.name}: {state.waits_for}"
        if state.is_running and not state.is_ready:
            return f"container {state.name} runs and is not Ready yet"
    for kind in ("PodScheduled", "Ready"):
        found = condition(pod, kind)
        if found is not None and found.get("status") == "False" and found.get("message"):
            return " ".join(str(found["message"]).split())
    node = pod.get("spec", {}).get("nodeName", "")
    if not node:
        return f"no node has taken pod {name_of(pod)} yet"
    return f"node {node} has not begun with pod {name_of(pod)} yet"


def _pull(pod: KubernetesObject, state: ContainerState, observed: Observed) -> str:
    """Returns that the image of a waiting container is being pulled, "" where the node does not say so."""
    path = f"{{{state.name}}}"
    for event in reversed(observed.pulls):
        about = event["involvedObject"]
        if about.get("name") == name_of(pod) and str(about.get("fieldPath", "")).endswith(path):
            return f"node {pod.get('spec', {}).get('nodeName', '')} pulls image {state.image}"
    return ""
