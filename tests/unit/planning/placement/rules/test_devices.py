"""The rule about accelerators: which devices serve a request, what is missing, and the same as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from drawing import generator

from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.placement.evaluation.vectorized.devices import DeviceArrays
from rohe_iac.planning.placement.rules.devices import (
    ACCELERATORS,
    device_shortage,
    devices_fit,
    missing_devices_part,
)
from rohe_iac.planning.placement.state.device_assignment import choose_devices
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def test_a_request_accepts_devices_of_its_type_and_of_the_models_that_it_names(world: Any) -> None:
    small, large = world.gpu(model="T4"), world.gpu(model="V100")
    assert DeviceRequest("gpu").accepts(small)
    assert DeviceRequest("gpu", models=("T4", "A100")).accepts(small)
    assert not DeviceRequest("gpu", models=("T4", "A100")).accepts(large)
    assert not DeviceRequest("tpu").accepts(small)


def test_the_words_name_the_share_of_one_device_or_the_number_of_devices(world: Any) -> None:
    share, count = DeviceRequest("gpu", share=5000), DeviceRequest("gpu", count=2, models=("T4", "A100"))
    demands = [world.demand("a", devices=(share,)), world.demand("b", devices=(count,)), world.demand("c")]
    node = world.node("n1", devices=(world.gpu("GPU0", model="T4"), world.gpu("GPU1", model="V100")))
    indexed = IndexedProblem(world.problem([node], demands))

    def lacks(demand: int, *free: int) -> list[tuple[str, int]]:
        return list(ACCELERATORS.lacks(indexed, demand, 0, (0, 0, 0, (), free)))

    assert lacks(0, 4000, 3000) == [("accelerators: needs 50% gpu in one device, 10% of it does not fit", 200_000)]
    assert lacks(1, 10_000, 10_000) == [
        ("accelerators: needs 2 whole gpu (T4 or A100) devices, only 1 is idle", 500_000)
    ]
    assert lacks(0, 0, 5000) == lacks(2, 0, 0) == []


def test_an_exclusive_device_serves_a_share_only_while_it_is_idle(world: Any) -> None:
    indexed = IndexedProblem(world.problem([world.node("n1", devices=(world.gpu(exclusive=True),))], []))
    request = DeviceRequest("gpu", share=2000)
    assert device_shortage(indexed, (10_000,), 0, request) == (0, 0, -1)
    assert device_shortage(indexed, (9000,), 0, request) == (2000, 0, -1)
    assert devices_fit(indexed, (10_000,), 0, (request,))
    assert not devices_fit(indexed, (9000,), 0, (request,))
    assert missing_devices_part(indexed, (9000,), 0, (request, DeviceRequest("tpu", count=1))) == 2_000_000


GI = 2**30


def test_share_and_memory_have_to_fit_in_one_device(world: Any) -> None:
    share, count = DeviceRequest("gpu", share=4000, memory=6 * GI), DeviceRequest("gpu", count=2, memory=6 * GI)
    demands = [world.demand("a", devices=(share,)), world.demand("b", devices=(count,))]
    devices = (world.gpu("GPU0", memory=8 * GI), world.gpu("GPU1", memory=8 * GI, memory_used=4 * GI))
    indexed = IndexedProblem(world.problem([world.node("n1", devices=devices)], demands))
    assert indexed.memory_offset == 2

    def lacks(demand: int, *free: int) -> list[tuple[str, int]]:
        return list(ACCELERATORS.lacks(indexed, demand, 0, (0, 0, 0, (), free)))

    assert Ledger(indexed).devices == [(10_000, 10_000, 8 * GI, 4 * GI)]
    assert lacks(0, 4000, 10_000, 6 * GI, 4 * GI) == []
    assert choose_devices(indexed, (4000, 10_000, 6 * GI, 4 * GI), 0, share) == [(0, 4000), (2, 6 * GI)]
    # One device has the share, the other the memory.
    assert lacks(0, 3000, 10_000, 8 * GI, 5 * GI) == [
        ("accelerators: gpu memory: 6Gi asked, 5Gi free on GPU1", 166_666)
    ]
    assert lacks(0, 3000, 0, 5 * GI, 8 * GI) == [
        (
            "accelerators: needs 40% gpu in one device, 10% of it does not fit, and gpu memory: 6Gi asked, "
            "5Gi free on GPU0",
            416_666,
        )
    ]
    assert lacks(1, 10_000, 10_000, 8 * GI, 4 * GI) == [
        ("accelerators: gpu memory: 6Gi asked, 4Gi free on GPU1", 500_000)
    ]
    assert lacks(1, 10_000, 9000, 8 * GI, 8 * GI) == [
        ("accelerators: needs 2 whole gpu devices, only 1 is idle", 500_000)
    ]


def test_memory_that_is_not_stated_never_runs_out(world: Any) -> None:
    request = DeviceRequest("gpu", share=2000, memory=100 * GI)
    indexed = IndexedProblem(
        world.problem([world.node("n1", devices=(world.gpu(),))], [world.demand("a", devices=(request,))])
    )
    ledger = Ledger(indexed)
    grants = [ledger.take(0, 0) for _ in range(5)]
    assert not devices_fit(indexed, ledger.devices[0], 0, (request,))
    for grant in grants:
        ledger.release(grant)
    assert ledger.devices == Ledger(indexed).devices


def test_rows_have_no_memory_where_no_demand_asks_for_any(world: Any) -> None:
    node = world.node("n1", devices=(world.gpu(memory=8 * GI),))
    indexed = IndexedProblem(world.problem([node], [world.demand("a", devices=world.gpu_share(2000))]))
    assert (indexed.memory_offset, Ledger(indexed).devices) == (0, [(10_000,)])


def test_arrays_find_the_same_memory_of_devices_missing(world: Any, amounts_agreement: Any) -> None:
    found = set()
    for seed in range(8):
        drawn = generator(seed)
        nodes = [world.node(f"n{i}", cores=(), devices=tuple(
            world.gpu(f"GPU{k}", model=drawn.choice("xy"), exclusive=drawn.random() < 0.3, used=drawn.choice([0, 3000]),
                      memory=drawn.choice([None, 4 * GI, 8 * GI]), memory_used=drawn.choice([0, GI]))
            for k in range(drawn.randint(0, 2)))) for i in range(4)]  # fmt: skip
        requests = [DeviceRequest("gpu", share=4000, memory=3 * GI), DeviceRequest("gpu", count=1, memory=5 * GI),
                    DeviceRequest("gpu", share=8000, models=("y",)),
                    DeviceRequest("gpu", 2000, 0, ("x",), 1 << 45)]  # fmt: skip
        demands = [world.demand(name, 2, devices=(drawn.choice(requests),)) for name in "abc"]
        problem = world.problem(nodes, [*demands, world.demand("d", 2, devices=requests[:1])])
        found |= set(amounts_agreement(problem, seed))
        indexed = IndexedProblem(problem)
        classes = np.array(indexed.node_classes.class_of, np.int64)
        rows = Ledger(indexed).devices
        width = 2 * indexed.memory_offset
        free = np.array([(*row, *(-1,) * width)[:width] for row in rows], np.int64).T
        for request in (requests[0], requests[1], requests[3]):
            parts = [missing_devices_part(indexed, row, node, (request,)) for node, row in enumerate(rows)]
            assert DeviceArrays(indexed).missing(request, free, classes).tolist() == parts
    assert {"", "accelerators"} == found


def test_arrays_find_the_same_devices_missing(world: Any, amounts_agreement: Any) -> None:
    found = set()
    for seed in range(6):
        drawn = generator(seed)
        nodes = [world.node(f"n{i}", cores=(), devices=tuple(
            world.gpu(f"GPU{k}", model=drawn.choice("xy"), exclusive=drawn.random() < 0.4, used=drawn.choice([0, 3000]))
            for k in range(drawn.randint(0, 2)))) for i in range(4)]  # fmt: skip
        requests = [DeviceRequest("gpu", share=4000), DeviceRequest("gpu", count=1, models=("x",)),
                    DeviceRequest("gpu", share=8000, models=("y",))]  # fmt: skip
        demands = [world.demand(name, 2, devices=(drawn.choice(requests),)) for name in "abc"]
        problem = world.problem(nodes, demands)
        found |= set(amounts_agreement(problem, seed))
        indexed = IndexedProblem(problem)
        classes = np.array(indexed.node_classes.class_of, np.int64)
        rows = [tuple(device.capacity - device.used for device in node.devices) for node in indexed.nodes]
        free = np.array([(*row, -1, -1)[: max(map(len, rows))] for row in rows], np.int64).T
        for request in requests:
            missing = [device_shortage(indexed, row, node, request).missing for node, row in enumerate(rows)]
            assert DeviceArrays(indexed).missing(request, free, classes).tolist() == missing
    assert {"", "accelerators"} == found
