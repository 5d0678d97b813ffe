"""Claims about the paths along which contracts limit response times."""

from __future__ import annotations

from pathlib import Path

from sized_blueprints import blueprint, limit, profile, service

from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.planning.from_blueprint.promises import MAX_PATHS, paths_through
from rohe_iac.planning.model.promise import WorkloadServiceTime
from rohe_iac.planning.questions.analysis.response_times import predictions_of
from rohe_iac.planning.solvers.planner import plan


def test_paths_go_from_every_source_to_every_sink() -> None:
    flow = [("a", "c"), ("b", "c"), ("c", "d"), ("c", "e"), ("c", "c")]
    assert sorted(paths_through(pipeline("abcde", flow), stages("abcde"))) == [
        ("a", "c", "d"),
        ("a", "c", "e"),
        ("b", "c", "d"),
        ("b", "c", "e"),
    ]


def test_of_too_many_paths_the_slowest_are_kept() -> None:
    names = [f"{layer}{number}" for layer in "abc" for number in range(6)]
    flow = [(f"{source}{i}", f"{sink}{j}") for source, sink in ("ab", "bc") for i in range(6) for j in range(6)]
    paths = paths_through(pipeline(names, flow), stages(names) | {"b5": (WorkloadServiceTime("b5", 1000),)})
    assert len(paths) == MAX_PATHS
    assert sum("b5" in path for path in paths) == 36


def test_a_limit_of_a_service_has_a_single_stage_with_its_waits(tmp_path: Path) -> None:
    services = [service("a"), service("b")]
    _, problem = blueprint(tmp_path, services, [limit(400, service="a"), limit(900)], {"a.yaml": profile(50)})
    limits = {promise.limit: promise for promise in problem.promises}
    (stage,) = limits[400_000].stages
    assert [answer.workload for answer in stage] == ["service/p:a"]
    assert stage[0].mean >= 50_000, "the service time of 50 ms, and waits"
    assert stage[0].alone_mean <= stage[0].mean


def test_an_overloaded_service_has_neither_a_time_nor_a_slack(tmp_path: Path) -> None:
    services = [service("a", replicas=2), service("b")]
    sizings, problem = blueprint(tmp_path, services, [limit(400)], {"a.yaml": profile(112)}, rate="20/s")
    assert "112% busy, pipeline p99 of 400 ms not met, overloaded" in sizings["a"].note
    (prediction,) = predictions_of(problem, plan(problem))
    assert (prediction.overload, prediction.time, prediction.slack, prediction.beside) == (112, None, None, 0)
    assert prediction.is_late
    assert not prediction.unknown


def test_exactly_as_many_requests_as_replicas_can_answer_are_too_many(tmp_path: Path) -> None:
    _, problem = blueprint(tmp_path, [service("a", replicas=1)], [limit(900)], {"a.yaml": profile(100)}, rate="10/s")
    (prediction,) = predictions_of(problem, plan(problem))
    assert (prediction.overload, prediction.time) == (100, None)


def pipeline(names: str | list[str], flow: list[tuple[str, str]]) -> Pipeline:
    links = [{"from": source, "to": sink} for source, sink in flow]
    spec = {"services": [{"name": name, "image": "i"} for name in names], "flow": links}
    return Pipeline.model_validate({"kind": "Pipeline", "metadata": {"name": "p"}, "spec": spec})


def stages(names: str | list[str]) -> dict[str, tuple[WorkloadServiceTime, ...]]:
    return {name: (WorkloadServiceTime(name, 100),) for name in names}
