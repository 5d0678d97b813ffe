"""Which set of templates a stack's target takes."""

from __future__ import annotations

from rohe_iac.blueprint.blueprint import Blueprint
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.manifests.local import local_manifests
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.planning.plan import Plan

RENDERERS = {"local": local_manifests}


class UnsupportedTarget(RoheError):
    """The stack names a target that this version has no manifests for."""

    exit_code = ExitCode.INVALID


def target_of(blueprint: Blueprint) -> str:
    """The name of the stack's target: local, kubernetes or manifests."""
    chosen = blueprint.stack.spec.target
    return next((name for name in ("kubernetes", "manifests") if getattr(chosen, name) is not None), "local")


def manifests_of(blueprint: Blueprint, plan: Plan) -> tuple[Manifest, ...]:
    """Every manifest of the plan for the stack's target, sorted by name.

    Errors: UnsupportedTarget.
    """
    target = target_of(blueprint)
    if target not in RENDERERS:
        raise UnsupportedTarget(
            f"stack '{blueprint.stack.metadata.name}' names the target '{target}', which has no manifests yet",
            hint=f"use one of: {', '.join(sorted(RENDERERS))}",
        )
    return RENDERERS[target](blueprint, plan)
