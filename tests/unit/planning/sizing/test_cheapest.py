"""Claims about the sizes of a whole pipeline: the cheapest combination, compared with all combinations."""

from __future__ import annotations

import random
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from drawing import generator
from sized_blueprints import blueprint, limit, profile, service

from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.planning.model.demand import Resources
from rohe_iac.planning.sizing.cheapest import cheapest_combination
from rohe_iac.planning.sizing.queueing import MAX_UTILISATION, ReplicaQueues
from rohe_iac.planning.sizing.requirements import Limit
from rohe_iac.planning.sizing.service_time import ServiceTimeDistribution
from rohe_iac.planning.sizing.workload import Sizing

PERCENT = {"p99": 99.0}


def chain(drawn: random.Random) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """Returns two or three services in a row, some with variants, some measured on two device types."""
    services, profiles = [], {}
    count = drawn.choice([2, 3])
    for number in range(count):
        names = ["big", "small"] if drawn.random() < 0.5 else [""]
        for name in names:
            time = drawn.choice([40, 80, 120]) * (2 if name == "big" else 1)
            devices = {"pi": 2 * time, "jetson": time} if drawn.random() < 0.6 else None
            profiles[f"{number}{name}.yaml"] = profile(time, devices, drawn.choice(["300m", "700m"]))
        variants = [
            {"name": name, "accuracy": 0.9 if name == "big" else 0.7, "profile": f"{number}{name}.yaml"}
            for name in names
            if name
        ]
        more = {"variants": variants} if variants else {}
        services.append(service(f"s{number}", f"{number}{names[0]}.yaml", **more))
    return services, profiles, [{"from": f"s{number}", "to": f"s{number + 1}"} for number in range(count - 1)]


@cache
def times_of(queue: ReplicaQueues, aggregate: str) -> tuple[float, float]:
    """Returns the mean of a queue, and how far the aggregate lies above it."""
    mean = queue.mean_response_time
    return mean, 0.0 if aggregate == "mean" else queue.percentile(PERCENT[aggregate]) - mean


def seconds_along(queues: list[ReplicaQueues], aggregate: str) -> float:
    """Returns the response time of a chain of queues: means add up, excesses in powers of 2.5."""
    times = [times_of(queue, aggregate) for queue in queues]
    return sum(mean for mean, _ in times) + sum(excess**2.5 for _, excess in times) ** 0.4


@pytest.mark.parametrize("seed", range(8))
def test_the_cheapest_sizes_that_keep_the_limit_of_a_pipeline_are_taken(tmp_path: Path, seed: int) -> None:
    drawn = generator(seed)
    services, profiles, flow = chain(drawn)
    aggregate, most = drawn.choice(["p99", "mean"]), drawn.choice([300, 500, 800])
    rate = f"{drawn.choice([3, 8])}/s"
    found, _ = blueprint(tmp_path / "all", services, [limit(most, aggregate)], profiles, flow, rate)
    # Each service alone, with each variant, on each device type, with ever more replicas: the whole search space.
    options: list[list[tuple[ReplicaQueues, float]]] = []
    for number, part in enumerate(services):
        options.append([])
        for path in [variant["profile"] for variant in part.get("variants", [{"profile": part["profile"]}])]:
            for kind, times in profiles[path]["serviceTime"].items():
                alone = {"a.yaml": {**profiles[path], "serviceTime": {kind: times}}}
                folder = tmp_path / f"{number}{path}{kind}"
                single = blueprint(folder, [service("s", replicas=1)], [limit(60_000)], alone, None, rate)[0]["s"]
                for replicas in range(1, 13):
                    queue = ReplicaQueues(single.queue.service, single.rate, replicas, "leastBusy")
                    if queue.utilisation <= MAX_UTILISATION:
                        options[-1].append((queue, replicas * single.cost))
    costs = [
        sum(cost for _, cost in combination)
        for combination in product(*options)
        if seconds_along([queue for queue, _ in combination], aggregate) <= most / 1000
    ]
    chosen = [found[f"s{number}"] for number in range(len(services))]
    if costs:
        assert seconds_along([sizing.queue for sizing in chosen], aggregate) <= most / 1000
        assert sum(sizing.cost for sizing in chosen) == pytest.approx(min(costs))
    else:
        assert "too slow" in chosen[0].note


def sizing(seconds: float, cost: float) -> Sizing:
    """Returns a sizing of a service that takes so long, and never lets requests wait."""
    times = ServiceTimeDistribution(seconds, 0.0, seconds, seconds, seconds, seconds)
    queue = ReplicaQueues(times, 0.0, 1, "random")
    return Sizing("service/p:a", "", "", 1, 0.0, cost, True, queue, Resources())


def test_a_combination_keeps_all_limits_or_there_is_none() -> None:
    spec = {"services": [{"name": name, "image": "i"} for name in "ab"], "flow": [{"from": "a", "to": "b"}]}
    pipeline = Pipeline.model_validate({"kind": "Pipeline", "metadata": {"name": "p"}, "spec": spec})
    fast, slow = sizing(0.1, 3.0), sizing(0.3, 1.0)
    candidates, services = {"a": [fast, slow], "b": [slow, fast]}, {"a": "a", "b": "b"}
    assert cheapest_combination(pipeline, [Limit(0.0, 0.6)], candidates, services) == {"a": slow, "b": slow}
    mixed = cheapest_combination(pipeline, [Limit(0.0, 0.4)], candidates, services)
    assert mixed is not None
    assert sum(found.cost for found in mixed.values()) == 4.0
    assert cheapest_combination(pipeline, [Limit(0.0, 0.1)], candidates, services) is None
