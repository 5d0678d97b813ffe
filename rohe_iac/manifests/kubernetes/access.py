"""Access: the ServiceAccount of a stack's pods, and the Role of those who may ask how the stack is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rohe_iac.blueprint.linked.workload import Workload

READ = ["get", "list", "watch"]

_JOBS: dict[str, Any] = {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": READ}

_RULES: list[dict[str, Any]] = [
    {"apiGroups": [""], "resources": ["configmaps", "events", "pods", "pods/log", "services"], "verbs": READ},
    {"apiGroups": ["apps"], "resources": ["deployments", "replicasets"], "verbs": READ},
    # `rohe status` compares each object of the stack with the plan, to say what was changed by hand.
    {"apiGroups": [""], "resources": ["persistentvolumeclaims", "serviceaccounts"], "verbs": READ},
    {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": READ},
    {"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": READ},
    {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["rolebindings", "roles"], "verbs": READ},
    {"apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims"], "verbs": READ},
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": READ},
    # `rohe observe`, `violations` and `explain` ask an agent by a command in its pod.
    {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create", "get"]},
]


def observer_rules(workloads: Iterable[Workload]) -> list[dict[str, Any]]:
    """Returns what `rohe status`, `logs`, `observe`, `violations` and `explain` need, and no more.

    Args:
        workloads: The workloads of the stack; those that run once are Jobs.
    """
    return [*_RULES, *([_JOBS] if any(workload.service.run_once for workload in workloads) else [])]


def account_of(stack: str) -> str:
    """Returns the name of the ServiceAccount of a stack's pods, which call no API and get no token."""
    return f"rohe-{stack}"


def observers_of(stack: str) -> str:
    """Returns the name of the Role, of its binding, and of the group of users that the Role is bound to."""
    return f"rohe-{stack}-observers"
