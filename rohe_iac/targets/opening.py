"""Opens a target by its name; each one's module is imported only then."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

from rohe_iac.deployment.ports import DeploymentTarget
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.folders import StackFolder

TARGETS: Mapping[str, str] = {"local": "rohe_iac.targets.local.target:LocalDeploymentTarget"}
"""By name: module and class."""


class UnknownTarget(RoheError):
    """No target of that name can be applied to."""

    exit_code = ExitCode.INVALID


def open_target(name: str, folder: StackFolder, root: Path) -> DeploymentTarget:
    """The target `name` for a stack's folder and a blueprint's root.

    Errors: UnknownTarget.
    """
    if name not in TARGETS:
        raise UnknownTarget(
            f"this version cannot apply to the target {name}",
            hint="write its manifests with `rohe render --out DIR` and apply those",
        )
    module, _, attribute = TARGETS[name].partition(":")
    target: DeploymentTarget = getattr(importlib.import_module(module), attribute)(folder, root)
    return target
