from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.planning.model.demand import Demand, DeviceRequest, Edge, Resources
from rohe_iac.planning.model.problem import Problem, Settings
from rohe_iac.planning.model.promise import ResponseTimeLimit, WorkloadServiceTime
from rohe_iac.planning.model.supply import Device, Supply

sys.path.insert(0, str(Path(__file__).parent))

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
            disk=more.pop("disk", 0),
            network=more.pop("network", 0),
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
        wires, edges, promises = more.pop("wires", ()), more.pop("edges", ()), more.pop("promises", ())
        gangs = more.pop("gangs", ())
        return Problem(
            "s", tuple(nodes), tuple(demands), tuple(wires), tuple(edges), Settings(**more), tuple(promises), gangs
        )

    def flow(self, *names: str) -> tuple[Edge, ...]:
        """A flow through the services, one after another."""
        return tuple(Edge(f"service/p:{a}", f"service/p:{b}") for a, b in pairwise(names))

    def promise(self, limit: int, *names: str, **times: int) -> ResponseTimeLimit:
        """At most so many microseconds through the services; times: what each takes on a shared node."""
        stages = tuple((WorkloadServiceTime(f"service/p:{name}", times.get(name, 0)),) for name in names)
        return ResponseTimeLimit("sla/fast", limit, stages)


@pytest.fixture
def world() -> World:
    return World()
