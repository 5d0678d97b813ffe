"""Problems of every kind of constraint, small enough to be planned in a moment."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as some

from rohe_iac.planning.model.demand import (
    AffinityRule,
    Demand,
    DeviceRequest,
    Edge,
    NodePreference,
    PortRequest,
    Resources,
    SkewRule,
    SpreadRule,
)
from rohe_iac.planning.model.problem import Problem, Settings
from rohe_iac.planning.model.promise import ResponseTimeLimit, WorkloadServiceTime
from rohe_iac.planning.model.supply import Device, NodeTaint, Supply, Wire

GI = 2**30
NAMES = ("a", "b", "c", "d", "e")
STRATEGIES = ("first-fit", "best-fit", "worst-fit", "dot-product", "fragmentation", "portfolio", "portfolio")
OBJECTIVES = (
    ("placed", "stable", "nodes"),
    ("placed", "nodes"),
    ("placed", "cost", "balance"),
    ("stable", "placed", "slack"),
    ("balance",),
)


@some.composite
def supplies(draw: Any, name: str) -> Supply:
    cores = tuple(draw(some.lists(some.sampled_from([500, 1000, 2000]), max_size=6)))
    devices = tuple(
        Device(
            f"GPU{number}", "gpu", draw(some.sampled_from(["x", "y"])), draw(some.booleans()), 10_000, used,
            draw(some.sampled_from([None, 4 * GI, 8 * GI])), draw(some.sampled_from([0, GI])),
        )
        for number, used in enumerate(draw(some.lists(some.sampled_from([0, 2500]), max_size=2)))
    )  # fmt: skip
    return Supply(
        name=name,
        cpu=draw(some.sampled_from([1000, 2500, 4000])),
        rss=draw(some.sampled_from([2**28, 2**30 + 777])),
        vms=draw(some.sampled_from([None, 2**30])),
        cores=cores,
        devices=devices,
        cpu_used=draw(some.sampled_from([0, 0, 300])),
        labels=draw(some.sampled_from([(), (("zone", "a"),), (("zone", "b"),), (("zone", "b"), ("fast", "yes"))])),
        taints=draw(some.sampled_from([(), (), (NodeTaint("lan"),), (NodeTaint("slow", "", "PreferNoSchedule"),)])),
        arch=draw(some.sampled_from(["", "arm64", "amd64"])),
        status=draw(some.sampled_from(["running"] * 6 + ["down", "cordoned"])),
        disk=draw(some.sampled_from([None, None, 10 * GI, 3 * GI + 1])),
        network=draw(some.sampled_from([None, None, 10**9, 55_000_001])),
        disk_used=draw(some.sampled_from([0, 0, GI])),
        network_used=draw(some.sampled_from([0, 0, 10**7])),
    )


@some.composite
def demands(draw: Any, name: str) -> Demand:
    others = tuple(f"service/{other}" for other in NAMES)
    keys = some.sampled_from(["node", "zone"])
    affinity = some.builds(
        AffinityRule, some.sampled_from(others).map(lambda one: (one,)), keys, some.sampled_from([True, False])
    )
    devices = some.sampled_from(
        [
            (),
            (),
            (DeviceRequest("gpu", share=4000),),
            (DeviceRequest("gpu", count=1, models=("x",)),),
            (DeviceRequest("gpu", share=3000, memory=3 * GI),),
            (DeviceRequest("gpu", count=1, memory=5 * GI + 1),),
        ]
    )
    return Demand(
        workload=f"service/{name}",
        replica=f"replica/{name}",
        slug=name,
        pipeline="p",
        service=name,
        member="",
        replicas=draw(some.integers(0, 4)),
        resources=Resources(
            cpu=draw(some.sampled_from([0, 333, 900])),
            cores=tuple(sorted(draw(some.lists(some.sampled_from([100, 400, 1000]), max_size=3)), reverse=True)),
            rss=draw(some.sampled_from([0, 2**26 + 1])),
            vms=draw(some.sampled_from([None, 2**27])),
            devices=draw(devices),
            disk=draw(some.sampled_from([0, 0, 2 * GI, 3 * GI])),
            network=draw(some.sampled_from([0, 0, 20_000_000, 33_333_333])),
        ),
        arch=draw(some.sampled_from([(), ("arm64",)])),
        slowdown=draw(some.sampled_from([0, 0, 0, 400_000])),
        sensitivity=draw(some.sampled_from(["none", "cpu", "memory", "cpu+memory"])),
        priority=draw(some.integers(0, 2)),
        spread=tuple(draw(some.lists(some.builds(SpreadRule, keys, some.integers(1, 2)), max_size=1))),
        avoid=tuple(draw(some.lists(affinity, max_size=1))),
        near=tuple(draw(some.lists(affinity, max_size=1))),
        ports=draw(some.sampled_from([(), (PortRequest("http"),), (PortRequest("http", 8080),)])),
        skews=tuple(draw(some.lists(some.builds(SkewRule, keys, some.integers(1, 2)), max_size=1))),
        prefers=draw(
            some.sampled_from([(), (), (NodePreference((("zone", "b"),), 7), NodePreference((("fast", "yes"),)))])
        ),
    )


@some.composite
def problems(draw: Any) -> Problem:
    nodes = tuple(draw(supplies(f"n{number}")) for number in range(draw(some.integers(1, 6))))
    wanted = tuple(draw(demands(name)) for name in NAMES[: draw(some.integers(1, 5))])
    wires = draw(some.sampled_from([(), (Wire("w", ("zone/a", "zone/b"), 8000, 100),)]))
    edges = draw(some.sampled_from([(), (Edge("service/a", "service/b", 9000, 60), Edge("service/b", "service/c"))]))
    kept = ResponseTimeLimit("sla/fast", draw(some.sampled_from([7000, 12_000, 20_000])), (
        (WorkloadServiceTime("service/a", 2000, 1500, 1000, 500),),
        (WorkloadServiceTime("service/b", 1000, 2000),),
        (WorkloadServiceTime("service/c"),),
    ))  # fmt: skip
    alone = ResponseTimeLimit("sla/alone", 4000, ((WorkloadServiceTime("service/d", 3000, 900, 2000, 100),),))
    promises = draw(some.sampled_from([(), (kept,), (alone, kept)]))
    return Problem(
        "s", nodes, wanted, wires, edges,
        Settings(
            strategy=draw(some.sampled_from(STRATEGIES)),
            iterations=25,
            objective=draw(some.sampled_from(OBJECTIVES)),
            max_moves=draw(some.sampled_from([None, None, 0, 1])),
            queue_priority=draw(some.sampled_from(["none", "cpu"])),
            queue_balance=draw(some.integers(1, 3)),
            vms_ratio=draw(some.sampled_from([1_000_000, 1_300_000])),
            ports=draw(some.sampled_from([None, (42000, 42004)])),
            one_machine=draw(some.booleans()),
        ),
        promises,
        draw(some.sampled_from([(), (), (), ("p",)])),
    )  # fmt: skip
