"""Instances whose names change at every start come and go for weeks, and nothing in an agent grows with them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rohe_iac.agent.inputs import apply_input
from rohe_iac.agent.intake import intake as intake_room
from rohe_iac.agent.intake.intake import Intake
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.checkpoint import checkpoint_of
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.reports.senders import Senders
from rohe_iac.sinks.store import AgentStore

GENERATIONS, AT_ONCE = 10_000, 10
"""Generations of instances, and how many of them report in one transaction."""

LIFE = 60.0
"""Seconds from one generation to the next: 10,000 take a week."""

RETENTION = 86400.0
TABLES = ("inputs", "seen", "digests", "dead", "segments", "numbers")
SERVICES = ("camera", "detect")


class Clock:
    """Stands in for the module `time`."""

    seconds = 1_800_000_000.0

    def monotonic(self) -> float:
        return self.seconds


def objective(name: str, metric: str, scope: ScopeSpec, window: WindowSpec) -> ObjectiveSpec:
    return ObjectiveSpec(
        name=name, metric=metric, window=window, aggregate="p99", scope=scope, operator="<=", low=1, high=1,
        min_samples=1, missing="freeze",
    )  # fmt: skip


def configuration() -> Configuration:
    by_time, by_count = WindowSpec(size_seconds=600.0, every_seconds=600.0), WindowSpec(size_count=50, every_count=25)
    objectives = (
        objective("each", "response_time", ScopeSpec(service="detect"), by_time),
        objective("whole", "response_time", ScopeSpec(), by_time),
        objective("last", "response_time", ScopeSpec(), by_count),
        objective("right", "accuracy", ScopeSpec(service="detect"), by_time),
    )
    return Configuration(
        stack="s",
        pipeline="p",
        agent="agent-0",
        services=(ServiceSpec(name="camera", calls=("detect",)), ServiceSpec(name="detect")),
        instances=tuple(Instance(instance=f"{name}-0", topic=name, service=name) for name in SERVICES),
        contracts=(AgentContract(name="c", lateness=1.0, objectives=objectives),),
    )


def generation(number: int, at: float) -> list[Incoming]:
    """Returns what the instances of one generation say, which are named after it."""
    messages = []
    for service in SERVICES:
        client = f"{service}-{number}"
        about = {"boot": f"b{number}", "client": client, "at": at}

        def say(kind: str, content: dict[str, object]) -> None:
            messages.append(Incoming(f"rohe/v1/s/{kind}", json.dumps(content).encode(), 0, False, 1, 1))

        say(f"state/{client}", {**about, "state": "online", "complete_up_to": at - 1.0})
        body = {**about, "v": 1, "seq": 1, "service": service, "request": f"r{number}", "start": at - 0.1, "end": at}
        say(f"report/{service}/{client}", {**body, "fields": {"prediction": 1, "truth": 1, "model": client}})
        say(f"report/{service}/{client}", {"metadata": {"number": number}, "timestamp": at, "report": {"x": 1}})
        say(f"state/{client}", {**about, "state": "stopped"})
    return messages


def sizes(observer: Observer, intake: Intake, store: AgentStore) -> dict[str, int]:
    """Returns the size of everything that is remembered, by name."""
    found = {"checkpoint": len(checkpoint_of(observer.state).content)}
    found |= {f"the observer's {name}": _size_of(part) for name, part in vars(observer).items()}
    found |= {f"the intake's {name}": _size_of(part) for name, part in vars(intake).items()}
    with closing(sqlite3.connect(store.path)) as database:
        found |= {f"table {name}": database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}
    return found


def _size_of(part: object, depth: int = 6) -> int:
    """Counts the elements of containers, and of the objects of this project that lead to them."""
    if isinstance(part, dict):
        return len(part) + sum(_size_of(value, depth - 1) for value in part.values() if depth)
    if isinstance(part, list | tuple | set | frozenset):
        return len(part) + sum(_size_of(value, depth - 1) for value in part if depth)
    if depth and type(part).__module__.startswith("rohe_iac"):
        names = getattr(part, "__struct_fields__", None) or getattr(part, "__dict__", ())
        return sum(_size_of(getattr(part, name), depth - 1) for name in names)
    return 0


def test_nothing_grows_with_the_number_of_instances_that_come_and_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(intake_room, "time", clock)
    monkeypatch.setattr(intake_room, "MAX_ENDED", 500)
    monkeypatch.setattr("rohe_iac.observation.measuring.heard_lane.MAX_KNOWN", 500)
    monkeypatch.setattr("rohe_iac.sinks.retention.MAX_DIGESTS", 3000)
    monkeypatch.setattr("rohe_iac.observation.reports.finished.RUN_LENGTH", 100)
    observer, store = Observer(configuration()), AgentStore(tmp_path)
    intake = Intake(store, "agent-0", Senders(configuration().instances), RETENTION)
    observer.resume(clock.seconds)
    half: dict[str, int] = {}
    for first in range(0, GENERATIONS, AT_ONCE):
        messages = [
            message
            for number in range(first, first + AT_ONCE)
            for message in generation(number, clock.seconds + (number - first) * LIFE)
        ]
        clock.seconds += AT_ONCE * LIFE
        batch = intake.process(messages, clock.seconds)
        for observer_input, report in batch.inputs:
            apply_input(observer, observer_input, report)  # results are bounded by the size of the store
        observer.tick(clock.seconds)
        batch.transaction.segments += observer.take_segments()
        row = store.write(batch.transaction)
        observer.take_passed()
        checkpoint = checkpoint_of(observer.state)
        store.write_checkpoint(row, "digest", checkpoint.content, checkpoint.needed)
        store.prune(clock.seconds - RETENTION, 10**9)
        if first + AT_ONCE == GENERATIONS // 2:
            half = sizes(observer, intake, store)
    whole = sizes(observer, intake, store)
    assert observer.state.counters.reports == 4 * GENERATIONS
    grown = {name: (half[name], size) for name, size in whole.items() if size > 1.1 * half[name] + 200}
    assert grown == {}
    assert max(whole.values()) < 100_000, whole
