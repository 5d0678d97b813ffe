"""Opening of a target by its name, which imports that target's module and no other."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

from rohe_iac.deployment.ports import DeploymentTarget
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.folders import StackFolder

TARGETS: Mapping[str, str] = {"local": "rohe_iac.targets.local.target:LocalDeploymentTarget"}
"""Module and class by name of target."""


class UnknownTarget(RoheError):
    """The named target cannot be applied to."""

    exit_code = ExitCode.INVALID


def open_target(name: str, folder: StackFolder, root: Path) -> DeploymentTarget:
    """Opens a target.

    Args:
        name: Name of the target, as in plan files.
        folder: The stack's folder.
        root: The blueprint's folder.

    Raises:
        UnknownTarget: The target cannot be applied to.
    """
    if name not in TARGETS:
        raise UnknownTarget(
            f"this version cannot apply to the target {name}",
            hint="write its manifests with `rohe render --out DIR` and apply those",
        )
    module, _, attribute = TARGETS[name].partition(":")
    target: DeploymentTarget = getattr(importlib.import_module(module), attribute)(folder, root)
    return target
