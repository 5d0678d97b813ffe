"""Claims about waits: for every balancing, predicted response times are those of a simulated pipeline."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import fmean

import pytest
from simulated_pipeline import Stage, percentile_99

from rohe_iac.blueprint.language.pipeline import Balancing
from rohe_iac.planning.model.promise import added
from rohe_iac.planning.sizing.profile_yaml import read_profile
from rohe_iac.planning.sizing.queueing import ReplicaQueues
from rohe_iac.planning.sizing.service_time import ServiceTimeDistribution, moments_of, service_time_distribution
from rohe_iac.planning.sizing.waiting import erlang_c, waits_of

EXAMPLES = Path(__file__).parents[4] / "examples"

BALANCINGS: tuple[Balancing, ...] = ("random", "roundRobin", "leastBusy")

STEADY = ServiceTimeDistribution(0.2, 0.01, 0.183, 0.2, 0.217, 0.223)
SPREAD = ServiceTimeDistribution(0.1186, 0.1191, 0.02, 0.06, 0.32, 0.6)
HEAVY = ServiceTimeDistribution(0.118, 0.125, 0.00513, 0.06931, 0.29957, 0.66)


def measured(name: str) -> ServiceTimeDistribution:
    """Returns the service time on a shared node in a profile of the examples, as `cctvs/object-detection` names it."""
    pipeline, _, service = name.partition("/")
    path = EXAMPLES / pipeline / "profiles" / f"{service}.yaml"
    times = read_profile(path.read_text(), str(path)).times()
    assert times is not None
    return service_time_distribution(times)


def predicted(stages: list[Stage], rate: float, balancing: Balancing) -> float:
    queues = [ReplicaQueues(service, rate, replicas, balancing) for service, replicas in stages]
    times = [
        (round(queue.mean_response_time * 1e6), round((queue.percentile(99) - queue.mean_response_time) * 1e6))
        for queue in queues
    ]
    return added(times) / 1e6


EDGE = {
    "cctvs": (10, {"image-ingestion": 2, "image-sharpening": 3, "object-detection": 8}),
    "kpi": (5, {"analytic-gateway": 1, "data-preparation": 3, "measurement-forecasting": 3}),
    "bts": (10, {"data-preparation": 2, "feature-engineering": 4, "lstm-prediction": 5}),
}


@pytest.mark.parametrize("balancing", BALANCINGS)
@pytest.mark.parametrize("pipeline", EDGE)
def test_the_response_time_of_an_edge_pipeline_is_that_of_its_simulation(pipeline: str, balancing: Balancing) -> None:
    rate, replicas = EDGE[pipeline]
    stages = [(measured(f"{pipeline}/{service}"), count) for service, count in replicas.items()]
    simulated = fmean(percentile_99(stages, rate, balancing, seed) for seed in range(10))
    assert predicted(stages, rate, balancing) == pytest.approx(simulated, rel=0.05)


@pytest.mark.parametrize("balancing", BALANCINGS)
@pytest.mark.parametrize(
    ("service", "replicas", "utilisation"),
    [(STEADY, 2, 0.15), (STEADY, 6, 0.6), (SPREAD, 2, 0.5), (SPREAD, 5, 0.3), (HEAVY, 3, 0.4)],
    ids=["steady-2-idle", "steady-6", "spread-2", "spread-5", "heavy-3"],
)
def test_the_response_time_of_a_service_is_that_of_its_simulation(
    service: ServiceTimeDistribution, replicas: int, utilisation: float, balancing: Balancing
) -> None:
    rate = utilisation * replicas / service.mean
    simulated = fmean(percentile_99([(service, replicas)], rate, balancing, seed) for seed in range(10))
    assert predicted([(service, replicas)], rate, balancing) == pytest.approx(simulated, rel=0.05)


def test_one_replica_waits_as_the_formula_of_pollaczek_and_khinchine_says_whatever_the_balancing() -> None:
    rate = 0.7 / moments_of(SPREAD)[0]
    mean = rate * moments_of(SPREAD)[1] / 2 / 0.3
    for balancing in BALANCINGS:
        waits = waits_of(SPREAD, rate, 1, 1, balancing)
        assert waits.probability == pytest.approx(0.7)
        assert waits.mean == pytest.approx(mean)


@pytest.mark.parametrize("concurrency", [1, 2, 4])
@pytest.mark.parametrize("service", [STEADY, SPREAD, HEAVY], ids=["steady", "spread", "heavy"])
def test_knowing_more_never_makes_requests_wait_longer(service: ServiceTimeDistribution, concurrency: int) -> None:
    for replicas in (1, 2, 7, 20):
        for utilisation in (0.1, 0.5, 0.9):
            rate = utilisation * replicas * concurrency / service.mean
            random, turns, least = (
                ReplicaQueues(service, rate, replicas, balancing, concurrency).percentile(99)
                for balancing in BALANCINGS
            )
            assert least <= turns * 1.02 <= random * 1.04
            assert all(math.isfinite(time) and time >= service.p99 * 0.999 for time in (random, turns, least))


def test_erlang_c_gives_the_textbook_values() -> None:
    assert erlang_c(2, 3) == pytest.approx(4 / 9)
    assert erlang_c(0.5, 1) == pytest.approx(0.5)
    assert erlang_c(0, 4) == 0
    assert erlang_c(4, 4) == 1
