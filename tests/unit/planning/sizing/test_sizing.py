"""Claims about sizing: response times of queues, and the replicas, variants and device types that keep a contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sized_blueprints import blueprint, limit, profile, service

from rohe_iac.blueprint.loading import load
from rohe_iac.planning.from_blueprint.problem import DEVICE_TYPE_LABEL, problem_of
from rohe_iac.planning.from_blueprint.write_back import with_planned_requests
from rohe_iac.planning.sizing.profile_yaml import read_profile
from rohe_iac.planning.sizing.queueing import ReplicaQueues
from rohe_iac.planning.sizing.service_time import ServiceTimeDistribution, service_tail_probability
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

DETECTION = ServiceTimeDistribution(0.3506, 0.1384, 0.142, 0.344, 0.589, 0.695)


def test_without_waiting_the_percentiles_are_the_measured_ones() -> None:
    queue = ReplicaQueues(DETECTION, 0.001, 4, "random")
    assert queue.percentile(99) == pytest.approx(0.695, abs=1e-3)
    assert queue.percentile(50) == pytest.approx(0.344, abs=1e-3)
    assert service_tail_probability(DETECTION, 0.695) == pytest.approx(0.01, abs=1e-6)


def test_a_queue_that_gets_more_than_it_serves_has_no_response_time() -> None:
    queue = ReplicaQueues(DETECTION, 12, 4, "random")
    assert queue.utilisation > 1
    assert queue.percentile(99) == float("inf")
    assert queue.tail_probability(10) == 1


def test_the_fewest_replicas_that_keep_the_response_time_are_taken(tmp_path: Path) -> None:
    found, problem = blueprint(tmp_path, [service("a")], [limit(200, service="a")], {"a.yaml": profile()})
    sizing = found["a"]
    assert sizing.holds
    assert sizing.queue.percentile(99) <= 0.2
    fewer = ReplicaQueues(sizing.queue.service, 10, sizing.replicas - 1, "leastBusy")
    assert fewer.utilisation >= 0.95 or fewer.percentile(99) > 0.2
    demand = next(demand for demand in problem.demands if demand.service == "a")
    assert demand.replicas == sizing.replicas
    assert f"sized: {sizing.replicas} for 10/s" in demand.note


def test_without_an_objective_replicas_are_at_most_four_fifths_busy(tmp_path: Path) -> None:
    found, _ = blueprint(tmp_path, [service("a")], [], {"a.yaml": profile(160)})
    assert found["a"].replicas == 2
    assert found["a"].queue.utilisation == pytest.approx(0.8)


def test_a_tighter_limit_never_takes_fewer_replicas(tmp_path: Path) -> None:
    counts = []
    for number, value in enumerate((2000, 600, 300, 180, 140)):
        found, _ = blueprint(tmp_path / str(number), [service("a")], [limit(value, service="a")], {"a.yaml": profile()})
        counts.append(found["a"].replicas)
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_a_limit_below_the_service_time_is_told_and_asks_for_no_crowd(tmp_path: Path) -> None:
    found, _ = blueprint(tmp_path, [service("a")], [limit(90, service="a")], {"a.yaml": profile()})
    assert not found["a"].holds
    assert found["a"].replicas == 2
    assert "too slow" in found["a"].note


def test_the_rates_of_the_flow_multiply_the_load(tmp_path: Path) -> None:
    flow = [{"from": "a", "to": "b", "rate": 3.0}, {"from": "b", "to": "c", "rate": 0.5}, {"from": "a", "to": "c"}]
    found, _ = blueprint(tmp_path, [service(name) for name in "abc"], [], {"a.yaml": profile(50)}, flow)
    assert [found[name].rate for name in "abc"] == [10, 30, 25]


def test_a_limit_of_the_whole_pipeline_is_kept_along_its_slowest_path(tmp_path: Path) -> None:
    flow = [{"from": "a", "to": "b"}, {"from": "a", "to": "c"}]
    services = [service("a"), service("b"), service("c", "c.yaml")]
    profiles = {"a.yaml": profile(100), "c.yaml": profile(20)}
    loose, _ = blueprint(tmp_path / "loose", services, [limit(2000)], profiles, flow)
    tight, _ = blueprint(tmp_path / "tight", services, [limit(260)], profiles, flow)
    means = [tight[name].queue.mean_response_time for name in "ab"]
    excesses = [tight[name].queue.percentile(99) - tight[name].queue.mean_response_time for name in "ab"]
    assert sum(means) + sum(excess**2.5 for excess in excesses) ** 0.4 <= 0.26
    assert tight["a"].replicas + tight["b"].replicas > loose["a"].replicas + loose["b"].replicas
    assert tight["c"].replicas == loose["c"].replicas


def test_requests_that_are_not_written_come_from_the_profile(tmp_path: Path) -> None:
    services = [service("a"), service("b", requests={"cpu": "1234m"})]
    _, problem = blueprint(tmp_path, services, [], {"a.yaml": profile(cpu="700m")})
    cpu = {demand.service: demand.resources.cpu for demand in problem.demands}
    assert (cpu["a"], cpu["b"]) == (700, 1234)


def variants(*names: tuple[str, float]) -> list[dict[str, Any]]:
    return [{"name": name, "accuracy": accuracy, "profile": f"{name}.yaml"} for name, accuracy in names]


PROFILES = {
    "small": profile(30, cpu="200m"),
    "middle": profile(90, cpu="600m"),
    "large": profile(400, cpu="900m", gpu="30%"),
}


@pytest.mark.parametrize(
    ("objectives", "chosen"),
    [
        ([limit(150, service="a")], "small"),
        (
            [
                limit(150, service="a"),
                {"metric": "accuracy", "scope": {"service": "a"}, "operator": ">=", "value": 0.8},
            ],
            "middle",
        ),
        (
            [limit(900, service="a"), {"metric": "accuracy", "operator": ">=", "value": 0.9}],
            "large",
        ),
    ],
)
def test_the_cheapest_variant_that_keeps_time_and_accuracy_is_taken(
    tmp_path: Path, objectives: list[dict[str, Any]], chosen: str
) -> None:
    part = service("a", variants=variants(("small", 0.7), ("middle", 0.85), ("large", 0.95)))
    del part["profile"]
    profiles = {f"{name}.yaml": value for name, value in PROFILES.items()}
    found, problem = blueprint(tmp_path, [part], objectives, profiles)
    assert found["a"].variant == chosen
    assert found["a"].holds
    demand = next(demand for demand in problem.demands if demand.service == "a")
    assert [variant.name for variant in demand.variants] == [chosen]
    assert demand.variants[0].resources.cpu == found["a"].resources.cpu


def test_the_device_type_is_chosen_with_the_variant_and_the_plan_goes_there(tmp_path: Path) -> None:
    slow = profile(devices={"pi": 150, "jetson": 40})
    cheap, _ = blueprint(tmp_path / "cheap", [service("a")], [limit(400, service="a")], {"a.yaml": slow})
    quick, problem = blueprint(tmp_path / "quick", [service("a")], [limit(100, service="a")], {"a.yaml": slow})
    assert cheap["a"].device_type == "pi"
    assert quick["a"].device_type == "jetson"
    demand = next(demand for demand in problem.demands if demand.service == "a")
    assert (DEVICE_TYPE_LABEL, "jetson") in demand.selector
    decided = plan(problem)
    assert not decided.unplaced
    nodes = [placement.node for placement in decided.placements if placement.service == "a"]
    assert {node.partition("-")[0] for node in nodes} == {"jetson"}
    assert verify(problem, decided) == ()


def test_a_fixed_number_of_replicas_stays_and_its_variant_is_chosen_for_it(tmp_path: Path) -> None:
    part = service("a", variants=variants(("small", 0.7), ("middle", 0.85)), replicas=1)
    del part["profile"]
    profiles = {f"{name}.yaml": PROFILES[name] for name in ("small", "middle")}
    found, problem = blueprint(tmp_path, [part], [limit(200, service="a")], profiles)
    assert (found["a"].variant, found["a"].replicas) == ("small", 1)
    assert next(demand for demand in problem.demands if demand.service == "a").replicas == 1


def test_without_a_profile_auto_counts_as_one_and_says_so(tmp_path: Path) -> None:
    part = service("a")
    del part["profile"]
    found, problem = blueprint(tmp_path, [part], [], {})
    assert found == {}
    demand = next(demand for demand in problem.demands if demand.service == "a")
    assert demand.replicas == 1
    assert "until it is sized" in demand.note


@pytest.mark.parametrize(
    ("metric", "aggregate", "value"),
    [("response_time", "rate", "25/s"), ("response_time", "rate", 25), ("throughput", "mean", 25)],
)
def test_an_objective_on_the_rate_counts_as_load(tmp_path: Path, metric: str, aggregate: str, value: object) -> None:
    rate = {"metric": metric, "aggregate": aggregate, "scope": {"service": "a"}, "operator": ">=", "value": value}
    found, _ = blueprint(tmp_path, [service("a")], [rate], {"a.yaml": profile(100)})
    assert found["a"].rate == 25
    assert found["a"].replicas == 4


def test_manifests_ask_for_what_the_profile_said(tmp_path: Path) -> None:
    services = [service("a"), service("b", requests={"cpu": "1234m"})]
    blueprint(tmp_path, services, [], {"a.yaml": profile(cpu="700m")})
    loaded = load(tmp_path)
    problem = problem_of(loaded, {"a.yaml": read_profile((tmp_path / "a.yaml").read_text(), "a.yaml")})
    services_then = with_planned_requests(loaded, problem).pipelines[0].spec.services
    requests = {part.name: part.requests for part in services_then}
    assert requests["a"].cpu == 700
    assert requests["a"].memory is not None
    assert requests["a"].memory.rss == 100 * 2**20
    assert requests["b"] == loaded.pipelines[0].spec.services[1].requests
