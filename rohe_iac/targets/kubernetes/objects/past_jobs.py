"""Past jobs: Jobs of what runs once that are in the way of a new run.

The pod template of a Job never changes (Kubernetes documentation, "Jobs"), and a Job that has failed stays so. So both
are removed before what takes their place is made, with their pods: two runs of one replica never overlap.
"""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.foundation.clock import Clock
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.manifests.kubernetes.labels import STACK
from rohe_iac.manifests.kubernetes.pod.once import DEPLOYMENT
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.objects.removal import wait_for_end
from rohe_iac.targets.kubernetes.readiness.ending import digest_of
from rohe_iac.targets.kubernetes.readiness.observed import holds

GRACE = 30
"""Seconds that a pod has to end where its template does not say so (Kubernetes, `terminationGracePeriodSeconds`)."""

MARGIN = 30.0
"""Seconds beside these until it has to be gone."""


class JobStays(RoheError):
    """Something keeps a Job, or a Deployment in whose place a Job comes."""

    exit_code = ExitCode.PARTIAL


def remove_past_jobs(
    server: ApiServer, wanted: Mapping[str, tuple[str, ClusterObject]], clock: Clock
) -> frozenset[str]:
    """Removes Jobs that have failed or are of another template, and Deployments in whose place Jobs come.

    Args:
        server: The API server.
        wanted: The Jobs that are applied, each with the digest of its manifest, by a name that is returned for it.
        clock: The clock to wait by.

    Returns:
        The names of the Jobs that were removed because they are of another template.

    Raises:
        JobStays: An object is not gone in time.
    """
    removed: list[ClusterObject] = []
    changed: set[str] = set()
    for name, (digest, found) in wanted.items():
        live = server.get(found.key)
        if live is not None and digest_of(live.body) not in ("", digest):
            changed.add(name)
            removed.append(live)
        elif live is not None and holds(live.body, "Failed"):
            removed.append(live)
        before = server.get(("apps/v1", DEPLOYMENT, found.namespace, found.name))
        if before is not None and before.labels.get(STACK) == found.labels.get(STACK):
            removed.append(before)
    for item in removed:
        server.delete(item, owned_first=True)
    for item in removed:
        pod = (item.body.get("spec") or {}).get("template", {}).get("spec", {})
        timeout = int(pod.get("terminationGracePeriodSeconds", GRACE)) + MARGIN
        if not wait_for_end(server, item, clock, timeout):
            raise JobStays(
                f"{item} has to be replaced, and its pod has not ended after {timeout:.0f}s, so nothing was changed",
                hint="end its pod, then apply again; of a node that does not answer nobody knows whether it has",
            )
    return frozenset(changed)
