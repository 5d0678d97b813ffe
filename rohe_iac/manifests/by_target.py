"""Manifests by target: which class renders a plan for each target that a stack can name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.manifests.advice import Advice
from rohe_iac.manifests.attachments import NO_ATTACHMENTS, Attachments
from rohe_iac.manifests.kubernetes.objects import KubernetesManifests
from rohe_iac.manifests.local import LocalManifests
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.manifests.plan_rendering import PlanRendering
from rohe_iac.manifests.prerequisites import Prerequisite
from rohe_iac.planning.model.plan import Plan

if TYPE_CHECKING:
    from rohe_iac.planning.sizing.profile import Profile

RENDERINGS: Mapping[str, type[PlanRendering]] = {
    "local": LocalManifests,
    "kubernetes": KubernetesManifests,
    "manifests": KubernetesManifests,
}
"""The class that renders a plan, by name of target; a folder of manifests is for a cluster."""


def target_of(blueprint: Blueprint) -> str:
    """Returns the name of the stack's target: local, kubernetes or manifests."""
    target = blueprint.stack.spec.target
    return next((name for name in ("kubernetes", "manifests") if getattr(target, name) is not None), "local")


def target_settings_of(blueprint: Blueprint) -> tuple[tuple[str, str], ...]:
    """Returns what apply has to know of the stack's target beside the manifests, sorted by name.

    Returns:
        Of a cluster `context`, which is absent where the current one is meant, and `namespace`.
    """
    cluster = blueprint.stack.spec.target.kubernetes
    if cluster is None:
        return ()
    context = (("context", cluster.context),) if cluster.context is not None else ()
    return (*context, ("namespace", cluster.namespace))


def prerequisites_of(blueprint: Blueprint, plan: Plan) -> tuple[Prerequisite, ...]:
    """Returns what the manifests of a plan name and do not contain, sorted by kind and name."""
    return RENDERINGS[target_of(blueprint)](blueprint, plan).prerequisites()


def advice_of(blueprint: Blueprint, plan: Plan) -> tuple[Advice, ...]:
    """Returns what a plan says and its target does not enforce, sorted."""
    return RENDERINGS[target_of(blueprint)](blueprint, plan).advice()


def manifests_of(
    blueprint: Blueprint,
    plan: Plan,
    profiles: Mapping[str, Profile] | None = None,
    attachments: Attachments = NO_ATTACHMENTS,
) -> tuple[Manifest, ...]:
    """Renders a plan for the stack's target.

    Args:
        blueprint: The blueprint that the plan was made of.
        plan: The plan; it may be incomplete.
        profiles: Measured profiles by the path that `profile:` gives. On the target `local`, a stand-in replays the
            profile of a service that has no command.
        attachments: Files of the repository that become part of manifests.

    Returns:
        Every manifest, sorted by name.

    Raises:
        InvalidProfile: A profile lacks the service times that a stand-in needs.
        UnrenderableManifest: A template of the repository is faulty.
    """
    target = target_of(blueprint)
    replays = {}
    if profiles and target == "local":
        from rohe_iac.planning.sizing.stand_ins.from_plan import replays_of  # not loaded where nothing was measured

        replays = replays_of(blueprint, plan, profiles)
    rendering = RENDERINGS[target](blueprint, plan, replays, attachments)
    return tuple(sorted(rendering.manifests(), key=lambda manifest: manifest.name))
