"""Security: the rights of a pod, by default those of the level `restricted` of Kubernetes.

https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.language.pods.cluster_pod import SecurityContext
from rohe_iac.blueprint.language.pods.user import ids_of

AGENT_USER = 65532
"""User and group of the image of agents and broker; the group that may write to volumes of any pod by default."""

_PRIVILEGED_CAPABILITIES = frozenset(("SYS_ADMIN", "CAP_SYS_ADMIN"))
"""Capabilities that the API server refuses beside `allowPrivilegeEscalation: false`."""


def pod_security(context: SecurityContext, *, system: bool, user: str | None = None) -> dict[str, Any]:
    """Returns the security context of a pod.

    Args:
        context: What the service asks for.
        system: Whether rohe's own image runs, whose user is known.
        user: The user that the service states, and maybe its group.
    """
    own, group = (context.run_as_user, context.run_as_group) if user is None else ids_of(user)
    own, group = (AGENT_USER, AGENT_USER) if system else (own, context.run_as_group if group is None else group)
    non_root = context.run_as_non_root if context.run_as_non_root is not None else own != 0
    stated = {
        "runAsNonRoot": non_root or None,
        "runAsUser": own,
        "runAsGroup": group,
        "fsGroup": AGENT_USER if context.fs_group is None else context.fs_group,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": context.seccomp_profile},
    }
    return {name: value for name, value in stated.items() if value is not None}


def container_security(context: SecurityContext) -> dict[str, Any]:
    """Returns the security context of a container."""
    capabilities = {"add": list(context.capabilities.add), "drop": list(context.capabilities.drop)}
    escalation = context.allow_privilege_escalation
    if escalation is None:
        escalation = context.privileged or not _PRIVILEGED_CAPABILITIES.isdisjoint(context.capabilities.add)
    stated = {
        # A process with all rights may gain rights whatever is said, and the server refuses to be told otherwise.
        "allowPrivilegeEscalation": False if not escalation else None,
        "privileged": context.privileged or None,
        "readOnlyRootFilesystem": context.read_only_root_filesystem or None,
        "capabilities": {name: value for name, value in capabilities.items() if value} or None,
    }
    return {name: value for name, value in stated.items() if value is not None}
