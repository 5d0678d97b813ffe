"""Claims: why the volume of a pod is not there yet, in the words of the cluster's volume controller."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rohe_iac.targets.kubernetes.readiness.observed import KubernetesObject, Observed, name_of
from rohe_iac.targets.kubernetes.readiness.prospect import SETTLING, Prospect, Standing

NO_CLASS = "no storage class is set"
"""Words of the controller about a claim without a class for which there is no volume either."""

NO_SUCH_CLASS = re.compile(r'storageclass\S* "[^"]+" not found')
"""Words of the controller about a claim of a class that is not there."""

NO_PLUGIN = "no volume plugin matched"
"""Words of the controller about a class whose volumes are made by hand, and there is none that fits."""

ADVICE = (
    "name a class that the cluster has with `storage: {claim: {class: NAME}}` in the Stack, or make one the default"
)
"""What to do about a claim that no class serves."""


def claim_prospects(pod: KubernetesObject, observed: Observed) -> Iterator[Prospect]:
    """Yields a failure for each claim of a pod that nobody will bind.

    The controller (kubernetes pkg/controller/volume/persistentvolume) says so after it has looked for a volume that
    fits, so that one made by hand counts. What it said before a class was made does not count.

    Args:
        pod: A pod that is not Ready.
        observed: What the cluster has of the replica.
    """
    for claim in _unbound(pod, observed):
        words, wanted = _last_words(claim, observed), claim.get("spec", {}).get("storageClassName")
        gone = wanted and wanted not in (observed.classes if observed.classes is not None else ())
        if (
            (NO_CLASS in words and not wanted)
            or (NO_SUCH_CLASS.search(words) and gone)
            or (NO_PLUGIN in words and wanted)
        ):
            reason = f"claim {name_of(claim)} is not bound: {words}; {ADVICE}"
            yield Prospect(Standing.FAILED, "claim", reason, name_of(pod), settling=SETTLING)


def claim_words(pod: KubernetesObject, observed: Observed) -> str:
    """Returns what the first unbound claim of a pod waits for, "" where all are bound."""
    for claim in _unbound(pod, observed):
        words = _last_words(claim, observed) or "its controller has not looked at it yet"
        return f"claim {name_of(claim)} is not bound: {words}"
    return ""


def _unbound(pod: KubernetesObject, observed: Observed) -> Iterator[KubernetesObject]:
    names = claims_of(pod)
    for claim in observed.claims:
        if name_of(claim) in names and claim.get("status", {}).get("phase") != "Bound":
            yield claim


def claims_of(pod: KubernetesObject) -> frozenset[str]:
    """Returns the names of the claims that a pod mounts."""
    volumes = pod.get("spec", {}).get("volumes") or ()
    return frozenset(
        str(item["persistentVolumeClaim"]["claimName"]) for item in volumes if "persistentVolumeClaim" in item
    )


def _last_words(claim: KubernetesObject, observed: Observed) -> str:
    about = (
        event for event in reversed(observed.claim_events) if event["involvedObject"].get("name") == name_of(claim)
    )
    return " ".join(str(next(about, {}).get("message", "")).split())
