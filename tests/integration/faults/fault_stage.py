"""The stage of the faults: contracts whose windows the test can work out itself, services under load, and the end."""

from __future__ import annotations

from pathlib import Path

import msgspec
from ground_truth import GroundTruth, results_of
from observed_stage import Stage, load_configuration, objective

from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec

RATE = 60.0
"""Reports of each service in a second."""

STEP = 1.0
"""Seconds from the begin of a window to that of the next."""

LATENESS = 1.0
"""Seconds that windows wait for late reports."""


def truthful_objectives(scope: ScopeSpec | None = None) -> tuple[ObjectiveSpec, ...]:
    """Returns objectives whose windows `GroundTruth` compares."""
    tumbling = WindowSpec(size_seconds=STEP, every_seconds=STEP)
    sliding = WindowSpec(size_seconds=2 * STEP, every_seconds=STEP)
    of = {"scope": scope or ScopeSpec()}
    return (
        objective("count", "prediction", tumbling, aggregate="count", **of),
        objective("total", "prediction", tumbling, aggregate="sum", **of),
        objective("largest", "prediction", sliding, aggregate="max", **of),
    )


def truthful_configuration(instances: int, contract: str = "truth", scope: ScopeSpec | None = None) -> Configuration:
    """Returns a pipeline of one service whose windows `GroundTruth` compares."""
    judged = AgentContract(name=contract, lateness=LATENESS, objectives=truthful_objectives(scope))
    return msgspec.structs.replace(load_configuration(instances), contracts=(judged,))


def accepted(stage: Stage) -> int:
    return len(stage.accepted_requests()) if (stage.folder / "ledger").exists() else 0


def begin(stage: Stage, instances: int = 3, group: Path | None = None) -> None:
    """Starts the agent, in a control group where one is given, and services; waits until reports are stored."""
    stage.start_agent(group)
    for index in range(instances):
        stage.start_service(f"load-{index}", rate=RATE)
    stage.wait_for(lambda: sum(stage.stored_requests().values()) > 100)


def go_on(stage: Stage, seconds: float, timeout: float = 300.0) -> None:
    """Waits until the services have accepted what they report in so many seconds."""
    wanted = accepted(stage) + seconds * RATE * len(stage.services)
    stage.wait_for(lambda: accepted(stage) >= wanted, timeout)


def end_and_compare(stage: Stage) -> GroundTruth:
    """Ends everything in order, and compares what is stored and judged with the records of the services.

    Args:
        stage: Stage whose services and agent run.
    """
    counters = stage.end_load()
    assert all(of_service["flushed"] for of_service in counters.values()), counters
    [status] = stage.ask("status")
    counts = status["counts"]
    assert counts["late"] == 0, "reports were late"
    assert stage.stop_agent() == 0
    truth = GroundTruth(stage)
    truth.compare_stored(stage.stored_requests())
    windows = truth.compare_windows(results_of(stage.folder / "store"), step=STEP, lateness=LATENESS)
    assert windows > 0, "no window closed, so nothing is shown"
    assert "Traceback" not in (stage.folder / "agent.log").read_text()
    made = sum(event.accepted for event in truth.events.values())
    print(
        f"{made} accepted, each stored once; {windows} windows equal the ground truth;"
        f" {counts.get('duplicates', 0)} duplicates"
    )
    return truth
