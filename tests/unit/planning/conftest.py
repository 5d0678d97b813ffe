from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.planning.demand import Demand, DeviceRequest, Resources
from rohe_iac.planning.problem import Problem, Settings
from rohe_iac.planning.supply import Device, Supply

MI = 2**20


class World:
    """Short words for nodes, demands and problems."""

    def node(self, name: str, cpu: int = 4000, rss: int = 4096 * MI, **more: Any) -> Supply:
        more.setdefault("cores", (1000,) * (cpu // 1000))
        return Supply(name=name, cpu=cpu, rss=rss, **more)

    def demand(self, name: str, replicas: int = 1, cpu: int = 0, rss: int = 0, **more: Any) -> Demand:
        resources = Resources(
            cpu=cpu,
            rss=rss,
            cores=tuple(sorted(more.pop("cores", ()), reverse=True)),
            vms=more.pop("vms", None),
            devices=more.pop("devices", ()),
        )
        return Demand(
            workload=f"service/p:{name}",
            replica=f"replica/p:{name}",
            slug=name,
            pipeline="p",
            service=name,
            member="",
            replicas=replicas,
            resources=resources,
            **more,
        )

    def gpu(self, name: str = "GPU0", capacity: int = 10_000, **more: Any) -> Device:
        return Device(name, "gpu", more.pop("model", ""), more.pop("exclusive", False), capacity, **more)

    def gpu_share(self, share: int) -> tuple[DeviceRequest, ...]:
        return (DeviceRequest("gpu", share=share),)

    def problem(self, nodes: list[Supply], demands: list[Demand], **more: Any) -> Problem:
        wires, edges = more.pop("wires", ()), more.pop("edges", ())
        return Problem("s", tuple(nodes), tuple(demands), tuple(wires), tuple(edges), Settings(**more))


@pytest.fixture
def world() -> World:
    return World()
