"""The original's own sample: 10 nodes and 9 services in 3 applications, 15 replicas; times that many on request."""

from __future__ import annotations

from rohe_iac.planning.model.demand import Demand, DeviceRequest, Resources
from rohe_iac.planning.model.problem import Problem, Settings
from rohe_iac.planning.model.supply import Device, Supply

MB = 2**20
# name, replicas, cpu, cores, rss and vms in MB, share of a gpu
SERVICES = (
    ("object-detection-web", 2, 424, (500, 50), 200, 500, 0),
    ("object-detection-imgproc", 2, 933, (900, 50), 300, 500, 0),
    ("object-detection-inference", 1, 500, (500,), 600, 200, 1500),
    ("kpi-web", 1, 400, (400, 50), 200, 500, 0),
    ("kpi-minio", 2, 1000, (1000,), 300, 500, 0),
    ("kpi-database", 1, 500, (200, 200, 100, 100), 500, 500, 0),
    ("kpi-inference", 1, 4000, (1000, 800, 800, 800), 400, 500, 0),
    ("bts-dataproc", 2, 1000, (1000, 50, 50, 50), 300, 500, 0),
    ("bts-inference", 3, 1000, (1000, 50, 50, 50), 2500, 500, 0),
)


def template(times: int = 1, strategy: str = "portfolio", objective: tuple[str, ...] = ("placed", "nodes")) -> Problem:
    """The sample with `times` the replicas."""
    nodes = []
    for number in range(10):
        if number < 5:
            nodes.append(Supply(f"raspberrypi-0{number + 1}", 4000, 4096 * MB, 4096 * MB, (1000,) * 4))
        elif number < 9:
            gpu = (Device("GPU0", "gpu", "", True, 10_000),)
            nodes.append(Supply(f"jetson-nano-0{number - 4}", 4000, 4096 * MB, 2048 * MB, (1000,) * 4, gpu))
        else:
            gpu = (Device("GPU0", "gpu", "", False, 10_000),)
            nodes.append(Supply("jetson-xavier-06", 8000, 16384 * MB, 16384 * MB, (1000,) * 8, gpu))
    demands = []
    for name, replicas, cpu, cores, rss, vms, share in SERVICES:
        devices = (DeviceRequest("gpu", share=share),) if share else ()
        resources = Resources(cpu, cores, rss * MB, vms * MB, devices)
        application = name.rsplit("-", 1)[0]
        demands.append(
            Demand(
                f"service/{application}:{name}", f"replica/{application}:{name}", name, application, name, "",
                replicas * times, resources,
            )
        )  # fmt: skip
    return Problem("template", tuple(nodes), tuple(demands), settings=Settings(objective=objective, strategy=strategy))
