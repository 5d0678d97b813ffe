"""Opening of a target by its name, which imports that target's module and no other."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from rohe_iac.deployment.ports import DeploymentTarget, Destination
from rohe_iac.foundation.errors import ExitCode, RoheError

TARGETS: Mapping[str, str] = {
    "local": "rohe_iac.targets.local.target:LocalDeploymentTarget",
    "kubernetes": "rohe_iac.targets.kubernetes.target:KubernetesDeploymentTarget",
}
"""Module and class by name of target."""


class UnknownTarget(RoheError):
    """The named target cannot be applied to."""

    exit_code = ExitCode.INVALID


def open_target(destination: Destination) -> DeploymentTarget:
    """Opens the target of a stack; nothing is asked of it yet.

    Raises:
        UnknownTarget: The target cannot be applied to.
    """
    if destination.target not in TARGETS:
        raise UnknownTarget(
            f"this version cannot apply to the target {destination.target}",
            hint="write its manifests with `rohe render --out DIR` and apply those",
        )
    module, _, attribute = TARGETS[destination.target].partition(":")
    target: DeploymentTarget = getattr(importlib.import_module(module), attribute).of(destination)
    return target
