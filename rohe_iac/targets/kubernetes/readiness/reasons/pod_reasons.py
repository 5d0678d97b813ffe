"""Reasons that a pod or its ReplicaSet states: the scheduler, quotas, policies, rejections by a node, volumes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rohe_iac.targets.kubernetes.readiness.observed import KubernetesObject, Observed, condition, holds, name_of
from rohe_iac.targets.kubernetes.readiness.prospect import SETTLING, UNSCHEDULABLE, Prospect, Standing

MAX_REJECTIONS = 2
"""Pods that a node may reject or evict before nobody waits any longer; the ReplicaSet makes a new one each time."""

COMES_BY_ITSELF = (
    "unbound immediate PersistentVolumeClaims",
    "waiting for ephemeral volume controller",
    "waiting for a volume to be created",
    "waiting for resource claim",
    "to be created",
)
"""Words of the scheduler about what controllers of the cluster are still making."""

QUOTA = re.compile(
    r"exceeded quota|maximum .* usage per|minimum .* usage per|must specify (?:limits|requests|cpu|memory)"
)
"""Words of the admission of ResourceQuota and LimitRange (kubernetes plugin/pkg/admission)."""

POLICY = re.compile(r"denied|violates PodSecurity|admission webhook|not allowed|is forbidden")
"""Words of policies that refuse a pod."""

MOUNT = ("FailedMount", "FailedAttachVolume")
"""Reasons of warnings about volumes."""

MISSING = re.compile(r'(?:secrets?|configmaps?|persistentvolumeclaims?) "[^"]+" not found|non-existent config key')
"""Words of warnings about volumes whose source is not there."""


def creation_prospect(observed: Observed) -> Prospect | None:
    """Returns why the cluster makes no pod of the present template, or None where nothing says so."""
    for item in (observed.current_set(), observed.deployment):
        found = condition(item, "ReplicaFailure") if item is not None else None
        if found is None or found.get("status") != "True":
            continue
        return refusal_prospect(str(found.get("message", "")))
    return None


def refusal_prospect(words: str) -> Prospect:
    """Returns the prospect on a replica whose pod the cluster refuses, in its words."""
    message = " ".join(words.split())
    kind = "quota" if QUOTA.search(message) else "policy" if POLICY.search(message) else "rejected"
    about = {"quota": "a quota or limit", "policy": "a policy of the cluster"}.get(kind, "the cluster")
    return Prospect(Standing.FAILED, kind, f"{about} refuses its pod: {message}", settling=SETTLING)


def pod_prospects(pod: KubernetesObject, observed: Observed) -> Iterator[Prospect]:
    """Yields a prospect for each reason that a pod or a warning about it states."""
    scheduled = condition(pod, "PodScheduled")
    if scheduled is not None and scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        message = " ".join(str(scheduled.get("message", "")).split())
        if not observed.leaving and not any(words in message for words in COMES_BY_ITSELF):
            yield Prospect(Standing.FAILED, UNSCHEDULABLE, f"unschedulable: {message}", name_of(pod), settling=SETTLING)
    warning = observed.last_warning(name_of(pod), MOUNT)
    if warning is not None and not holds(pod, "Ready") and MISSING.search(str(warning.get("message", ""))):
        message = " ".join(str(warning["message"]).split())
        yield Prospect(Standing.FAILED, "configuration", f"its volume: {message}", name_of(pod), settling=SETTLING)


def rejection_prospect(observed: Observed) -> Prospect | None:
    """Returns why the node ends the pods of the present template again and again, or None where it does not."""
    ended = [pod for pod in observed.current_pods() if pod.get("status", {}).get("phase") == "Failed"]
    if len(ended) < MAX_REJECTIONS:
        return None
    last = max(ended, key=lambda pod: (str(pod.get("metadata", {}).get("creationTimestamp", "")), name_of(pod)))
    status = last.get("status", {})
    words = ": ".join(filter(None, (status.get("reason", "Failed"), " ".join(str(status.get("message", "")).split()))))
    return Prospect(Standing.FAILED, "rejected", f"its node ended {len(ended)} pods: {words}", name_of(last))
