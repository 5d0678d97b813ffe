"""Run once: what the pod of a service has that ends by itself, and which object makes it."""

from __future__ import annotations

import math
from typing import Any

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.manifests.kubernetes.labels import STARTUP

JOB, DEPLOYMENT = "Job", "Deployment"
"""The kinds of the objects that make pods: of what runs once, and of all else."""

MAKES_PODS = frozenset((DEPLOYMENT, JOB))
"""Both of them."""


def maker_of(service: Service) -> str:
    """Returns the kind of the object that makes the pod of a replica."""
    return JOB if service.run_once else DEPLOYMENT


def until_its_end(service: Service, running: dict[str, Any]) -> dict[str, Any]:
    """Returns the values of a replica's container, for one that ends by itself without questions to it.

    Args:
        service: The service, with the fields of the variant that the plan chose.
        running: What `container` returns for the replica.
    """
    if not service.run_once:
        return {**running, "once": False}
    return {**running, "once": True, "startup": None, "readiness": None, "liveness": None}


def end_notes(service: Service) -> dict[str, str]:
    """Returns the annotation with the seconds that a replica has to end, rounded up; none where it does not end."""
    return {STARTUP: str(max(1, math.ceil(service.health.startup)))} if service.run_once else {}
