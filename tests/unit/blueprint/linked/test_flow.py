"""Claims about the order of services along a flow, and the slowest path through them."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.linked.flow import order_of, rates_of
from rohe_iac.planning.sizing.response_times import slowest_path, slowest_path_of_workloads


def pipeline(names: str, *links: tuple[str, str], load: str | None = "10/s", **fields: Any) -> Pipeline:
    flow = [{"from": source, "to": sink, **fields} for source, sink in links]
    spec: dict[str, Any] = {"services": [{"name": name, "image": "i"} for name in names], "flow": flow}
    if load is not None:
        spec["load"] = load
    return Pipeline.model_validate({"kind": "Pipeline", "metadata": {"name": "p"}, "spec": spec})


def test_a_service_comes_after_those_that_feed_it() -> None:
    assert order_of(pipeline("abcd", ("d", "b"), ("b", "a"), ("c", "a"), ("a", "a"))) == ("c", "d", "b", "a")


def test_rates_multiply_along_the_flow_and_add_up_where_it_meets() -> None:
    rates = rates_of(pipeline("abc", ("a", "b"), ("a", "c"), ("b", "c"), rate=2))
    assert rates == {"a": 10, "b": 20, "c": 60}
    assert rates_of(pipeline("a", load=None)) == {}


def test_means_add_up_along_the_slowest_path_and_excesses_in_powers() -> None:
    flow = pipeline("abc", ("a", "b"), ("a", "c"), latency="10ms")
    time, path = slowest_path(flow, {"a": (0.1, 0.3), "b": (0.2, 0.4), "c": (0.1, 0.1)})
    assert path == ("a", "b")
    assert time == pytest.approx(0.1 + 0.01 + 0.2 + (0.3**2.5 + 0.4**2.5) ** 0.4)


def test_of_the_members_of_an_ensemble_the_slowest_counts() -> None:
    times = {"service/p:a/x": (0.1, 0.0), "service/p:a/y": (0.3, 0.0)}
    time, _ = slowest_path_of_workloads(pipeline("a"), times, dict.fromkeys(times, "a"))
    assert time == pytest.approx(0.3)
