"""The status of an objective: its promise, its last window, and why it is UNKNOWN."""

from __future__ import annotations

from typing import Any

import msgspec

from rohe_iac.agent.status import instance_status, objective_status, observer_counts
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.reports.report import Report


def observer_of(*services: str, scope: ScopeSpec | None = None) -> Observer:
    """Returns an observer of services that do not call each other, with one objective on each, or all of one scope."""
    objectives = tuple(
        ObjectiveSpec(
            name=service, metric="response_time", scope=scope or ScopeSpec(service=service), aggregate="max",
            operator="<=", low=1.0, high=1.0, window=WindowSpec(size_seconds=2.0, every_seconds=2.0), min_samples=1,
            missing="freeze",
        )
        for service in services
    )  # fmt: skip
    return Observer(
        Configuration(
            stack="s",
            pipeline="p",
            agent="agent-0",
            services=tuple(ServiceSpec(name=service) for service in services),
            instances=tuple(Instance(instance=f"{name}-0", topic=name, service=name) for name in services),
            contracts=(AgentContract(name="c", lateness=1.0, objectives=objectives),),
        )
    )


def report(service: str, seq: int, at: float) -> Report:
    return Report(
        client=f"{service}-0",
        boot="b",
        seq=seq,
        at=at,
        service=service,
        instance=f"{service}-0",
        start=at - 0.1,
        end=at,
    )


def status_of(observer: Observer, now: float, **changes: Any) -> dict[str, dict[str, Any]]:
    settings: dict[str, Any] = {"clients": {}, "started": 90.0, "trouble": "", **changes}
    clients = settings.pop("clients")
    return {
        evaluator.objective.name: objective_status(observer, evaluator, clients, now, **settings)
        for evaluator in observer.evaluators
    }


def test_a_gap_is_waited_for_by_its_own_objective_and_named() -> None:
    observer = observer_of("load", "raw")
    observer.resume(100.0)
    for step in range(100):
        at = 100.0 + step / 10
        observer.report(report("load", step + 1, at), at)
        observer.report(report("raw", step + 5, at), at)
    found = status_of(observer, 110.0)
    assert (found["load"]["verdict"], found["load"]["unknown"]) == ("KEPT", None)
    unknown = found["raw"]["unknown"]
    assert (found["raw"]["verdict"], unknown["why"]) == ("UNKNOWN", "waiting")
    assert unknown["text"] == "waiting for reports 1-4 of raw-0, missing for 10 s"
    assert unknown["overdue"], "ten seconds are more than three windows of two"
    assert observer_counts(observer)["missing"] == 0


def test_a_client_that_is_well_and_has_nothing_to_report_is_idle() -> None:
    observer = observer_of("load")
    observer.resume(100.0)
    for step in range(40):
        observer.promise("load-0", 100.0 + step, 100.0 + step)
    unknown = status_of(observer, 139.5, clients={"load-0": {"state": "online"}})["load"]["unknown"]
    assert (unknown["why"], unknown["overdue"]) == ("idle", False)
    assert unknown["text"] == "nothing to report at load-0"


def test_a_client_that_was_never_heard_or_hangs_or_is_lost_is_silent() -> None:
    observer = observer_of("load")
    observer.resume(100.0)
    observer.tick(140.0)
    never = status_of(observer, 140.0)["load"]["unknown"]
    assert (never["why"], never["text"], never["overdue"]) == ("silent", "nothing heard from load-0 yet", True)
    observer.promise("load-0", 141.0, 141.0)
    observer.tick(180.0)
    hangs = status_of(observer, 180.0, clients={"load-0": {"state": "online"}})["load"]["unknown"]
    assert (hangs["why"], hangs["text"]) == ("silent", "nothing heard from load-0 for 39 s")
    lost = status_of(observer, 180.0, clients={"load-0": {"state": "lost"}})["load"]["unknown"]
    assert lost["text"] == "nothing heard from load-0 (lost) for 39 s"


def test_an_agent_without_a_connection_says_so() -> None:
    unknown = status_of(observer_of("load"), 91.0, trouble="the agent is not connected: x")["load"]["unknown"]
    assert (unknown["why"], unknown["text"]) == ("disconnected", "the agent is not connected: x")
    assert not unknown["overdue"], "it has only just started"


def test_an_instance_is_needed_where_an_objective_hears_its_service_alone() -> None:
    observer = observer_of("load", "raw")
    observer.resume(100.0)
    observer.report(report("load", 1, 101.0), 102.0)
    assert instance_status(observer) == {
        "load-0": {"spoke": 102.0, "interval": 0.0, "silent": False, "needed": True},
        "raw-0": {"spoke": 0.0, "interval": 0.0, "silent": False, "needed": True},
    }
    whole = observer_of("load", "raw", scope=ScopeSpec())
    assert not any(item["needed"] for item in instance_status(whole).values())


def test_an_instance_is_needed_where_the_blueprint_says_that_it_reports() -> None:
    configuration = observer_of("load", "raw", scope=ScopeSpec()).configuration
    instances = tuple(msgspec.structs.replace(item, reports=item.service == "raw") for item in configuration.instances)
    found = instance_status(Observer(msgspec.structs.replace(configuration, instances=instances)))
    assert {name: item["needed"] for name, item in found.items()} == {"load-0": False, "raw-0": True}
