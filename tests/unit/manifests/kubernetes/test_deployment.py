"""Claims about the Deployments of replicas."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from one_node import write_repository

from rohe_iac.manifests.kubernetes.deployment import RECREATE, SURGE, ordered, selector_of, strategies_of
from rohe_iac.planning.model.plan import Plan
from rohe_iac.usecases.plans.plan import decide

SERVICES = """
    - {name: web, image: e/web:1, replicas: 11, requests: {cpu: 100m}, reserve: {update: 2}}
"""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """The plan of eleven replicas on one node that has room for two more."""
    return decide(write_repository(tmp_path, SERVICES, "target: {kubernetes: {}}")).plan


def test_as_many_replicas_surge_as_there_is_room_on_their_node(plan: Plan) -> None:
    surging = [name for name, strategy in strategies_of(plan).items() if strategy is SURGE]
    assert surging == ["web-0", "web-1"]
    elsewhere = tuple(msgspec.structs.replace(room, node="other") for room in plan.reserved)
    assert set(map(str, strategies_of(replace(plan, reserved=elsewhere)).values())) == {str(RECREATE)}


def test_replicas_come_in_the_order_of_their_numbers(plan: Plan) -> None:
    assert [placement.instance for placement in ordered(plan.placements)] == [f"web-{index}" for index in range(11)]


def test_a_deployment_has_the_pod_of_its_replica_alone(plan: Plan) -> None:
    selectors = {str(selector_of("desk", placement)) for placement in plan.placements}
    assert len(selectors) == len(plan.placements)
