"""Ending: one prospect on a replica that runs once, which is ready when it has ended with exit code 0."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rohe_iac.targets.kubernetes.container_state import container_states, main_container
from rohe_iac.targets.kubernetes.object import DIGEST
from rohe_iac.targets.kubernetes.readiness.awaited import AwaitedReplica
from rohe_iac.targets.kubernetes.readiness.judging import doing, node_prospect
from rohe_iac.targets.kubernetes.readiness.observed import (
    KubernetesObject,
    Observed,
    condition,
    holds,
    is_terminating,
    name_of,
    template_of,
)
from rohe_iac.targets.kubernetes.readiness.prospect import (
    ABSENT,
    ENDED,
    OVERDUE,
    SETTLING,
    Prospect,
    Standing,
    waiting,
)
from rohe_iac.targets.kubernetes.readiness.reasons.claims import claim_prospects
from rohe_iac.targets.kubernetes.readiness.reasons.container_reasons import container_prospects, end_words
from rohe_iac.targets.kubernetes.readiness.reasons.pod_reasons import pod_prospects, refusal_prospect

GONE = "its Job is not in the cluster any more; `rohe apply` makes it again"
"""What is said of a replica without a Job, for which nobody is to wait."""


def judge_end(awaited: AwaitedReplica, observed: Observed) -> Prospect:
    """Returns where a replica that runs once stands.

    Ready is one whose Job, of exactly the awaited template, is complete. Nobody goes on while its node does not answer,
    whatever that means for other replicas: what is after it needs its work.

    Args:
        awaited: What has to have ended.
        observed: What the cluster has of it.
    """
    job = observed.job
    if job is not None and digest_of(job) in ("", awaited.digest):
        pod = _newest(observed)
        if holds(job, "Complete"):
            return Prospect(Standing.READY, pod=name_of(pod or {}))
        if holds(job, "Failed"):
            return _failure(job, pod)
    elif job is not None:
        return waiting("the cluster has not begun with its Job")
    silent = node_prospect(awaited, observed)
    if silent is not None:
        words = f"it runs once, and has not ended: {silent.words}"
        return replace(silent, standing=Standing.FAILED, words=words, settling=SETTLING)
    if job is None:
        return Prospect(Standing.FAILED, ABSENT, GONE, settling=SETTLING)
    pods = [] if pod is None or is_terminating(pod) else [pod]
    return next(_reasons(awaited, job, observed, pods), None) or waiting(doing(observed, pods))


def digest_of(job: KubernetesObject) -> str:
    """Returns the digest of the manifest that the pod of a Job is made of, "" where it does not say so."""
    return str((template_of(job).get("metadata", {}).get("annotations") or {}).get(DIGEST, ""))


def _newest(observed: Observed) -> KubernetesObject | None:
    """Returns the newest pod; there are several where the cluster ended one for a reason of its own."""

    def age(pod: KubernetesObject) -> tuple[str, str]:
        return str(pod.get("metadata", {}).get("creationTimestamp", "")), name_of(pod)

    return max(observed.pods, key=age, default=None)


def _reasons(
    awaited: AwaitedReplica, job: KubernetesObject, observed: Observed, pods: list[KubernetesObject]
) -> Iterator[Prospect]:
    """Yields what keeps the replica from ending, what explains most first."""
    for pod in pods:
        yield from claim_prospects(pod, observed)
        yield from container_prospects(pod, observed)
        yield from pod_prospects(pod, observed)
        if (running := main_container(pod)).is_running:
            words = f"it runs once, and has not ended; it has {awaited.startup} s for that (`health.startup`)"
            yield Prospect(Standing.FAILED, OVERDUE, words, name_of(pod), running.name, settling=awaited.startup)
    refused = observed.last_warning(name_of(job), ("FailedCreate",))
    same = refused is not None and refused["involvedObject"].get("uid") == job.get("metadata", {}).get("uid")
    if refused is not None and same and not pods:
        yield refusal_prospect(str(refused.get("message", "")))


def _failure(job: KubernetesObject, pod: KubernetesObject | None) -> Prospect:
    """Returns the prospect on a replica whose Job has failed, by how its container ended, its pod, or its Job."""
    for state in container_states(pod or {}):
        if state.has_ended and state.last_end is not None and state.last_end.exit_code != 0:
            who = "it" if state.name == main_container(pod or {}).name else f"container {state.name}"
            words = f"it runs once, and {who} ended with {end_words(state.last_end)}"
            return Prospect(Standing.FAILED, ENDED, words, name_of(pod or {}), state.name)
    status = (pod or {}).get("status") or {}
    source = status if status.get("reason") else condition(job, "Failed") or {}
    why = ": ".join(" ".join(str(source[name]).split()) for name in ("reason", "message") if source.get(name))
    return Prospect(Standing.FAILED, ENDED, f"it runs once, and did not end well: {why}", name_of(pod or {}))
