"""Which set of templates a stack's target takes."""

from __future__ import annotations

from rohe_iac.blueprint.blueprint import Blueprint
from rohe_iac.manifests.kubernetes import kubernetes_manifests
from rohe_iac.manifests.local import local_manifests
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.planning.plan import Plan

RENDERERS = {"local": local_manifests, "kubernetes": kubernetes_manifests, "manifests": kubernetes_manifests}
"""The set of templates of each target; a folder of manifests is for a cluster."""


def target_of(blueprint: Blueprint) -> str:
    """The name of the stack's target: local, kubernetes or manifests."""
    chosen = blueprint.stack.spec.target
    return next((name for name in ("kubernetes", "manifests") if getattr(chosen, name) is not None), "local")


def manifests_of(blueprint: Blueprint, plan: Plan) -> tuple[Manifest, ...]:
    """Every manifest of the plan for the stack's target, sorted by name."""
    return RENDERERS[target_of(blueprint)](blueprint, plan)
