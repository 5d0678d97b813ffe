"""Claims about interference: a replica loses the part of its slowdown that its neighbours ask for of the node."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.planning.model.demand import DeviceRequest, Resources
from rohe_iac.planning.model.neighbours import crowding, rates, shared_amounts, slowdown_beside, used_by_others

MI = 2**20


@pytest.mark.parametrize(
    ("sensitivity", "part"),
    [
        ("none", 500_000), ("cpu", 500_000), ("memory", 250_000), ("accelerator", 300_000), ("cpu+memory", 375_000),
        ("cpu+memory+accelerator", 350_000),
    ],
)  # fmt: skip
def test_the_part_of_the_node_is_of_what_the_sensitivity_names(world: Any, sensitivity: str, part: int) -> None:
    node = world.node("n", cpu=4000, rss=4096 * MI, devices=(world.gpu(),))
    own = Resources(cpu=500, devices=(DeviceRequest("gpu", share=2000),))
    neighbours = [Resources(cpu=1000, rss=1024 * MI), Resources(cpu=1000, devices=(DeviceRequest("gpu", share=3000),))]
    assert crowding(sensitivity, own, node, neighbours) == part
    assert crowding(sensitivity, own, node, []) == 0
    demand = world.demand("d", sensitivity=sensitivity, slowdown=400_000)
    assert slowdown_beside(demand, own, node, neighbours) == 400_000 * part // 1_000_000


def test_what_others_use_counts_up_to_the_whole_node(world: Any) -> None:
    node = world.node("n", cpu=4000, cpu_used=1000)
    assert crowding("cpu", Resources(cpu=500), node, [Resources(cpu=1000)]) == 500_000
    assert used_by_others(world.node("n", cpu=4000, cpu_used=9000))[0] == 4000
    assert crowding("cpu", Resources(), world.node("n", cpu=4000, cpu_used=3000), [Resources(cpu=9000)]) == 1_000_000


def test_whole_accelerators_are_not_shared(world: Any) -> None:
    own = Resources(devices=(DeviceRequest("gpu", count=1),))
    node = world.node("n", devices=(world.gpu("GPU0"), world.gpu("GPU1", exclusive=True)))
    assert crowding("accelerator", own, node, [Resources(devices=(DeviceRequest("gpu", share=5000),))]) == 0
    assert rates("accelerator", 400_000, own) == (0, 0, 0)
    assert shared_amounts(own) == (0, 0, 0)


def test_rates_divide_a_slowdown_equally(world: Any) -> None:
    assert rates("cpu+memory", 400_000, Resources()) == (200, 200, 0)
    assert rates("none", 400_000, Resources()) == (400, 0, 0)
    assert rates("cpu", 0, Resources()) == (0, 0, 0)
