"""Which set of templates a stack's target takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.manifests.kubernetes import KubernetesManifests
from rohe_iac.manifests.local import LocalManifests
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.planning.model.plan import Plan

if TYPE_CHECKING:
    from rohe_iac.planning.sizing.profile import Profile

MANIFESTS: dict[str, type[LocalManifests] | type[KubernetesManifests]] = {
    "local": LocalManifests,
    "kubernetes": KubernetesManifests,
    "manifests": KubernetesManifests,
}
"""The set of templates of each target; a folder of manifests is for a cluster."""


def target_of(blueprint: Blueprint) -> str:
    """The name of the stack's target: local, kubernetes or manifests."""
    chosen = blueprint.stack.spec.target
    return next((name for name in ("kubernetes", "manifests") if getattr(chosen, name) is not None), "local")


def manifests_of(
    blueprint: Blueprint, plan: Plan, profiles: Mapping[str, Profile] | None = None
) -> tuple[Manifest, ...]:
    """Every manifest of the plan for the stack's target, sorted by name.

    profiles: by the path that `profile:` gives; on this machine they stand in for services without a command.
    Errors: InvalidProfile where one cannot.
    """
    target = target_of(blueprint)
    replays = {}
    if profiles and target == "local":
        from rohe_iac.planning.sizing.stand_ins.from_plan import replays_of  # not loaded where nothing was measured

        replays = replays_of(blueprint, plan, profiles)
    return tuple(sorted(MANIFESTS[target](blueprint, plan, replays).all(), key=lambda manifest: manifest.name))
