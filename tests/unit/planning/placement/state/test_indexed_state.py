"""Claims about what is worked out once for a problem: node classes, sizes, budgets and devices for requests."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.supply import Wire
from rohe_iac.planning.placement.state.amounts import Row
from rohe_iac.planning.placement.state.demand_size import BILLION, sizes_of
from rohe_iac.planning.placement.state.device_assignment import choose_devices, device_step
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.network.latency_budget import LatencyBudget
from rohe_iac.planning.placement.state.node_classes import NodeClasses


def test_nodes_are_of_one_class_until_something_that_counts_differs(world: Any) -> None:
    nodes = [
        world.node("n1", labels=(("host", "n1"),)),
        world.node("n2", labels=(("host", "n2"),)),
        world.node("n3", cpu_used=1),
        world.node("n4"),
    ]
    classes = NodeClasses(nodes, [world.demand("a")], frozenset())
    assert (classes.class_of, classes.representative, classes.size) == ([0, 0, 1, 0], [0, 2], [3, 1])
    assert classes.per_node("xy") == ["x", "x", "y", "x"]
    selecting = NodeClasses(nodes, [world.demand("a", selector=(("host", "n2"),))], frozenset(("n4",)))
    assert selecting.class_of == [0, 1, 2, 3], "by a label that a demand selects by, and by being kept free"


def test_the_size_of_a_demand_is_its_share_of_all_that_there_is(world: Any) -> None:
    nodes = [world.node(name, cpu=2000, rss=1000, devices=(world.gpu(),)) for name in ("n1", "n2")]
    demands = [
        world.demand("amounts", cpu=1000, rss=500),
        world.demand("cores", cores=(1000, 1000)),
        world.demand("share", devices=world.gpu_share(5000)),
        world.demand("whole", devices=(DeviceRequest("gpu", count=1),)),
    ]
    indexed = IndexedProblem(world.problem(nodes, demands))
    assert sizes_of(indexed) == [BILLION // 2, BILLION // 2, BILLION // 4, BILLION // 2]


def test_of_promises_along_one_path_the_one_that_leaves_least_makes_the_budget(world: Any) -> None:
    nodes = [world.node("n1", labels=(("zone", "a"),)), world.node("n2", labels=(("zone", "b"),))]
    tight, loose = world.promise(5000, "a", "b", a=1000), world.promise(9000, "a", "b", a=1000)
    problem = world.problem(
        nodes, [world.demand("a"), world.demand("b")], wires=[Wire("w", ("zone/a", "zone/b"), 100)],
        edges=world.flow("a", "b"), promises=[loose, tight],
    )  # fmt: skip
    indexed = IndexedProblem(problem)
    assert indexed.budgets == [LatencyBudget(tight, ((0,), (1,)), 4000, ("",))]
    assert indexed.paths == [[(0, 0)], [(0, 1)]]


def test_a_share_goes_to_the_fullest_shared_device_and_a_count_to_idle_ones(world: Any) -> None:
    devices = (
        world.gpu("shared", model="small"),
        world.gpu("fuller", model="small"),
        world.gpu("own", exclusive=True, model="large"),
    )
    indexed = IndexedProblem(world.problem([world.node("n1", devices=devices)], [world.demand("a")]))
    free: Row = (10_000, 4000, 10_000)
    assert choose_devices(indexed, free, 0, DeviceRequest("gpu", share=4000)) == [(1, 4000)]
    assert choose_devices(indexed, free, 0, DeviceRequest("gpu", share=4001)) == [(0, 4001)]
    assert choose_devices(indexed, (0, 0, 10_000), 0, DeviceRequest("gpu", share=1)) == [(2, 10_000)], "taken whole"
    assert choose_devices(indexed, free, 0, DeviceRequest("gpu", count=2)) == [(0, 10_000), (2, 10_000)]
    assert choose_devices(indexed, free, 0, DeviceRequest("gpu", count=2, models=("small",))) is None
    requests = (DeviceRequest("gpu", share=4000), DeviceRequest("gpu", count=1, models=("large",)))
    assert device_step(indexed, free, 0, requests) == (((1, 4000), (2, 10_000)), (10_000, 0, 0))
    assert device_step(indexed, (0, 0, 0), 0, requests) is None
