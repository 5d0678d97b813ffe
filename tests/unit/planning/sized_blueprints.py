"""Makes blueprints of sized services, for the tests of sizing and of response times that contracts limit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from rohe_iac.blueprint.loading import load
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.sizing.pipeline import sizings_of
from rohe_iac.planning.sizing.profile_yaml import read_profile
from rohe_iac.planning.sizing.workload import Sizing


def profile(mean: int = 100, devices: dict[str, int] | None = None, cpu: str = "400m", gpu: str = "") -> dict[str, Any]:
    """Returns a profile with service times around `mean` milliseconds, or around those of `devices` by device type."""
    point: dict[str, Any] = {"load": "10/s", "cpu": cpu, "memory": "100Mi"}
    if gpu:
        point["accelerators"] = {"gpu": gpu}

    def times(center: int) -> dict[str, str]:
        return {
            "mean": f"{center}ms", "deviation": f"{center / 10}ms", "p5": f"{center * 0.8}ms", "p50": f"{center}ms",
            "p95": f"{center * 1.2}ms", "p99": f"{center * 1.3}ms",
        }  # fmt: skip

    return {
        "profile": 1,
        "service": "measured",
        "demand": [point],
        "serviceTime": {name: {"shared": times(center)} for name, center in (devices or {"any": mean}).items()},
    }


TYPES = {
    "pi": {"cpu": 4, "memory": {"rss": "4Gi"}, "cost": "0.01/h"},
    "jetson": {
        "cpu": 4,
        "memory": {"rss": "4Gi"},
        "cost": "0.05/h",
        "accelerators": {"GPU0": {"type": "gpu", "mode": "shared"}},
    },
}


def blueprint(
    folder: Path,
    services: list[dict[str, Any]],
    objectives: list[dict[str, Any]],
    profiles: dict[str, dict[str, Any]],
    flow: list[dict[str, Any]] | None = None,
    rate: str = "10/s",
    balancing: str = "leastBusy",
) -> tuple[dict[str, Sizing], Problem]:
    """Writes a blueprint, and returns its sizings by name of service and its placement problem."""
    window = {"size": "5m"}
    documents: list[dict[str, Any]] = [
        {
            "kind": "Pipeline",
            "metadata": {"name": "p"},
            "spec": {"load": rate, "services": services, "flow": flow or []},
        },
        {
            "kind": "Inventory",
            "metadata": {"name": "edge"},
            "spec": {
                "deviceTypes": TYPES,
                "nodes": [
                    {"name": f"{kind}-{number}", "deviceType": kind} for kind in TYPES for number in range(4)
                ],
            },
        },
        {
            "kind": "ObservationContract",
            "metadata": {"name": "sla"},
            "spec": {"pipeline": "p", "objectives": [{**objective, "window": window} for objective in objectives]},
        },
        {
            "kind": "Stack",
            "metadata": {"name": "s"},
            "spec": {"pipelines": ["p"], "inventory": "edge", "contracts": ["sla"], "balancing": balancing,
                     "target": {"local": {"ports": "42000-42099"}}},
        },
    ]  # fmt: skip
    (folder / "blueprints").mkdir(parents=True)
    (folder / "rohe.yaml").touch()
    text = yaml.safe_dump_all([{"apiVersion": "rohe.dev/v1", **document} for document in documents])
    (folder / "blueprints" / "all.yaml").write_text(text)
    for name, value in profiles.items():
        (folder / name).write_text(yaml.safe_dump(value))
    loaded = load(folder)
    known = {name: read_profile(yaml.safe_dump(value), name) for name, value in profiles.items()}
    found = sizings_of(loaded, known)
    return {address.partition(":")[2]: sizing for address, sizing in found.items()}, problem_of(loaded, known)


def service(name: str, path: str = "a.yaml", **more: Any) -> dict[str, Any]:
    return {"name": name, "command": ["python"], "replicas": "auto", "profile": path, **more}


def limit(milliseconds: int, aggregate: str = "p99", **scope: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "metric": "response_time", "aggregate": aggregate, "operator": "<=", "value": f"{milliseconds}ms",
    }  # fmt: skip
    return {**found, "scope": scope} if scope else found
