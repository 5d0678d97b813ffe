"""Blueprints of examples and their plans, loaded once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.loading import load
from rohe_iac.manifests.by_target import manifests_of
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.usecases.plans.profile import load_profiles

EXAMPLES = Path(__file__).parents[3] / "examples"
PlanExample = Callable[[str], tuple[Blueprint, Plan]]
RenderExample = Callable[[str], dict[str, Manifest]]


@cache
def _plan(example: str) -> tuple[Blueprint, Plan]:
    blueprint = load(EXAMPLES / example)
    return blueprint, plan(problem_of(blueprint, load_profiles(blueprint)[0]))


@pytest.fixture
def plan_example() -> PlanExample:
    """Returns a function from the name of an example to its blueprint and plan."""
    return _plan


@pytest.fixture
def render_example() -> RenderExample:
    """Returns a function from the name of an example to the manifests of its plan, by name."""

    def render(example: str) -> dict[str, Manifest]:
        blueprint, decided = _plan(example)
        manifests = manifests_of(blueprint, decided, load_profiles(blueprint)[0])
        return {manifest.name: manifest for manifest in manifests}

    return render
