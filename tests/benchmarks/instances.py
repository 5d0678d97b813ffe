"""Instances: small seeded problems on which a search can be held against a solver."""

from __future__ import annotations

import random

from rohe_iac.planning.model.demand import (
    AffinityRule,
    Demand,
    DeviceRequest,
    PortRequest,
    Resources,
    SpreadRule,
    TolerationRule,
)
from rohe_iac.planning.model.problem import Problem, Settings
from rohe_iac.planning.model.supply import Device, NodeTaint, Supply

GI, MI = 2**30, 2**20

LABELS = {"zone": "abc", "rack": "1234", "disk": ("fast", "slow")}


def plain(seed: int) -> Problem:
    """5 to 20 nodes of 4 or 8 cores, up to 80 replicas asking for about as much as there is; some shares of a GPU."""
    drawn = random.Random(seed)
    nodes = []
    for number in range(drawn.randint(5, 20)):
        cores = drawn.choice([4, 4, 8])
        gpu = (Device("GPU0", "gpu", "", False, 10_000),) if drawn.random() < 0.4 else ()
        memory = cores * GI
        nodes.append(Supply(f"n{number:02d}", cores * 1000, memory, 2 * memory, (1000,) * cores, gpu))
    demands: list[Demand] = []
    load, goal = 0, drawn.uniform(0.6, 1.1) * sum(node.cpu for node in nodes)
    while load < goal and sum(demand.replicas for demand in demands) < 75:
        cpu = drawn.choice([200, 400, 700, 1000, 1800])
        cores = tuple(
            sorted((min(1000, cpu * part // 100) for part in (70, 20, 10)[: drawn.randint(1, 3)]), reverse=True)
        )
        share = (DeviceRequest("gpu", share=drawn.choice([1500, 3000, 5000])),) if drawn.random() < 0.2 else ()
        name, replicas = f"s{len(demands):02d}", drawn.randint(1, 5)
        resources = Resources(cpu, cores, drawn.choice([200, 500, 900, 1500]) * MI, None, share)
        spread = (SpreadRule("node", drawn.randint(1, 2)),) if drawn.random() < 0.2 else ()
        demands.append(
            Demand(f"service/p:{name}", f"replica/p:{name}", name, "p", name, "", replicas, resources, spread=spread)
        )
        load += cpu * replicas
    settings = Settings(strategy="portfolio", objective=("placed", "nodes"))
    return Problem(f"seed-{seed}", tuple(nodes), tuple(demands), settings=settings)


def mixed(seed: int) -> Problem:
    """The same sizes with every rule that the solver knows: unlike nodes, neighbours, taints, ports and priorities."""
    drawn = random.Random(f"mixed-{seed}")
    nodes = tuple(_machine(drawn, number) for number in range(drawn.randint(5, 20)))
    names = [f"s{number:02d}" for number in range(60)]
    demands: list[Demand] = []
    load, goal = 0, drawn.uniform(0.5, 1.0) * sum(node.cpu - node.cpu_used for node in nodes)
    count = drawn.randint(10, 30)
    while load < goal and sum(demand.replicas for demand in demands) < 75 and len(demands) < len(names):
        # Neighbours are asked for among the first so many, most of which will be there.
        made = _service(drawn, names[len(demands)], [f"service/p:{name}" for name in names[:count]])
        demands.append(made)
        load += made.resources.cpu * made.replicas
    settings = Settings(strategy="portfolio", objective=("placed", "nodes"))
    return Problem(f"mixed-{seed}", nodes, tuple(demands), settings=settings)


def _machine(drawn: random.Random, number: int) -> Supply:
    cores = drawn.choice([(1000,) * 4, (600,) * 4 + (1400,) * 2, (800,) * 2, (1000,) * 16])
    devices = tuple(
        Device(f"GPU{position}", "gpu", model, drawn.random() < 0.3, 10_000)
        for position, model in enumerate(drawn.choices("xy", k=drawn.choice([0, 0, 0, 1, 2, 4])))
    )
    used = drawn.random() < 0.15
    return Supply(
        name=f"n{number:02d}",
        cpu=sum(cores) - drawn.choice([0, 0, 250]),
        rss=len(cores) * drawn.choice([GI // 2, GI, 2 * GI]),
        vms=drawn.choice([None, 2 * len(cores) * GI]),
        cores=cores,
        devices=devices,
        cpu_used=450 if used else 0,
        rss_used=100 * MI if used else 0,
        cores_used=(300, 150) if used else (),
        labels=tuple((key, drawn.choice(values)) for key, values in sorted(LABELS.items()) if drawn.random() < 0.95),
        taints=(NodeTaint("gpu"),) if len(devices) > 1 else (),
        arch=drawn.choice(["arm64", "amd64", "amd64"]),
        status="cordoned" if drawn.random() < 0.03 else "running",
    )


def _service(drawn: random.Random, name: str, others: list[str]) -> Demand:
    cpu = drawn.choice([100, 250, 400, 600, 900, 1300, 2200])
    parts = drawn.choice([(), (100,), (60, 40), (50, 30, 20), (25, 25, 25, 25)])
    devices = drawn.choice(
        [()] * 6
        + [
            (DeviceRequest("gpu", share=drawn.choice([1500, 2500, 4000, 6000])),),
            (DeviceRequest("gpu", count=drawn.randint(1, 2), models=drawn.choice([(), ("x",)])),),
        ]
    )
    keys = ["node", "zone", "rack"]

    def rule(chance: float, apart: bool) -> tuple[AffinityRule, ...]:
        if drawn.random() > chance:
            return ()
        # To be apart from all of one's own in a zone would leave most of them without a place.
        key = drawn.choice(["node", "node", "rack"] if apart else keys)
        return (AffinityRule(tuple(sorted(drawn.sample(others, drawn.choice([1, 1, 2])))), key),)

    return Demand(
        workload=f"service/p:{name}",
        replica=f"replica/p:{name}",
        slug=name,
        pipeline="p",
        service=name,
        member="",
        replicas=drawn.randint(1, 6),
        resources=Resources(
            cpu=cpu,
            cores=tuple(min(1400, cpu * part // 100) for part in parts),
            rss=drawn.choice([50, 150, 400, 800, 1300]) * MI,
            vms=drawn.choice([None, 600 * MI, 2500 * MI]),
            devices=devices,
        ),
        arch=drawn.choice([()] * 5 + [("amd64",)]),
        priority=drawn.choice([0, 0, 0, 1]),
        selector=drawn.choice([()] * 7 + [(("disk", "fast"),)]),
        tolerations=drawn.choice([(), (TolerationRule("gpu", "Exists"),)]),
        spread=(SpreadRule(drawn.choice(keys), drawn.randint(1, 3)),) if drawn.random() < 0.25 else (),
        avoid=rule(0.2, apart=True),
        near=rule(0.12, apart=False),
        ports=(PortRequest("http", drawn.choice([8080, 9090])),) if drawn.random() < 0.08 else (),
    )
