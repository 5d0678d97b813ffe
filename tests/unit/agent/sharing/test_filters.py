"""Filters: what a session may have of a time with another number of agents."""

from __future__ import annotations

from rohe_iac.agent.sharing.filters import ReportFilters, left_of_several
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec

CONFIGURATION = Configuration(
    stack="s", pipeline="p", agent="judge", judge="judge", services=(ServiceSpec(name="load"),),
    instances=(
        Instance(instance="load-0", topic="load", service="load", agent="judge"),
        Instance(instance="load-1", topic="load", service="load", agent="other"),
    ),
    contracts=(),
)  # fmt: skip


def test_of_all_are_the_filters_of_one_agent_and_those_of_each_client() -> None:
    filters = ReportFilters(CONFIGURATION)
    levels = ("+", "load-0", "load-1", "unplanned")
    assert filters.of_all(["load-0", "unplanned"]) == [f"rohe/v1/s/report/load/{level}" for level in levels]
    assert filters.of(["load-0"]) == ["rohe/v1/s/report/load/load-0"]


def test_one_agent_ends_what_it_had_as_one_of_several() -> None:
    of_all = ReportFilters(CONFIGURATION).of_all(["unplanned"])
    assert left_of_several(CONFIGURATION, ["unplanned"]) == [*of_all, "rohe/v1/s/batch/judge/+"]
