"""A generated fleet: nodes 5:4:1 Raspberry Pi, Jetson Nano and Jetson Xavier in 20 zones, and seeded services."""

from __future__ import annotations

import random

from rohe_iac.planning.model.demand import AffinityRule, Demand, DeviceRequest, Resources, SpreadRule
from rohe_iac.planning.model.problem import Problem, Settings
from rohe_iac.planning.model.supply import Device, Supply

GI, MI = 2**30, 2**20
KINDS = ("pi",) * 5 + ("nano",) * 4 + ("xavier",)


def node(number: int) -> Supply:
    """One machine of the fleet."""
    kind = KINDS[number % len(KINDS)]
    gpu = (Device("GPU0", "gpu", kind, False, 10_000),)
    size = {"pi": (4, 4, ()), "nano": (4, 4, gpu), "xavier": (8, 32, gpu)}[kind]
    return Supply(
        name=f"{kind}-{number:05d}",
        cpu=size[0] * 1000,
        rss=size[1] * GI,
        vms=2 * size[1] * GI,
        cores=(1000,) * size[0],
        devices=size[2],
        device_type=kind,
        arch="arm64",
        labels=(("zone", f"zone-{number % 20:02d}"),),
    )


def fleet(
    nodes: int = 5000, services: int = 500, replicas: int = 10_000, scale: float = 1.0, *, apart: bool = False,
    seed: int = 1, strategy: str = "best-fit",
) -> Problem:  # fmt: skip
    """The fleet with that many replicas in all; `scale` multiplies every request; `apart`: by node and by zone."""
    drawn = random.Random(seed)
    each = replicas // services
    demands = []
    for number in range(services):
        cpu = max(1, round(drawn.choice([150, 250, 400, 700, 1000, 1500]) * drawn.uniform(0.7, 1.3) * scale))
        chunks = drawn.choice([1, 1, 2, 3])
        cores = tuple(sorted((max(1, cpu * part // 100) for part in (80, 15, 5)[:chunks]), reverse=True))
        rss = max(MI, round(drawn.choice([60, 120, 250, 500, 900]) * drawn.uniform(0.7, 1.3) * scale) * MI)
        share = max(1, round(drawn.choice([1000, 1500, 2500, 4000]) * scale)) if drawn.random() < 0.2 else 0
        address = f"service/fleet:s{number:03d}"
        demands.append(
            Demand(
                workload=address,
                replica=f"replica/fleet:s{number:03d}",
                slug=f"s{number:03d}",
                pipeline="fleet",
                service=f"s{number:03d}",
                member="",
                replicas=each,
                resources=Resources(
                    cpu=cpu,
                    cores=tuple(min(1000, chunk) for chunk in cores),
                    rss=rss,
                    vms=2 * rss,
                    devices=(DeviceRequest("gpu", share=share),) if share else (),
                ),
                sensitivity=drawn.choice(["none", "none", "cpu", "memory"]),
                spread=(SpreadRule("zone", -(-each // 20) + 1),) if apart else (),
                avoid=(AffinityRule((address,), "node"),) if apart else (),
            )
        )
    return Problem(
        "fleet", tuple(node(number) for number in range(nodes)), tuple(demands),
        settings=Settings(strategy=strategy, queue_priority="cpu"),
    )  # fmt: skip
