"""Configurations of the recorded runs: objectives of every kind of window, stream, aggregate and scope."""

from __future__ import annotations

from typing import Any

from recorded_messages import BEGIN, MEMBERS

from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ProcessingSpec, ScopeSpec, WindowSpec

COUNT = WindowSpec(size_count=40, every_count=10)
BLOCKS = WindowSpec(size_count=25, every_count=25)
SPARSE = WindowSpec(size_count=8, every_count=20)
TUMBLING = WindowSpec(size_seconds=6.0, every_seconds=6.0)
SLIDING = WindowSpec(size_seconds=8.0, every_seconds=2.0)
UNEVEN = WindowSpec(size_seconds=5.0, every_seconds=1.75)
MIXED = WindowSpec(size_count=30, every_seconds=3.0)
RECENT = WindowSpec(size_seconds=4.0, every_count=15)
SESSION = WindowSpec(session=0.45)
WHOLE = ScopeSpec()

METRICS: dict[str, Any] = {
    "wrong": {"ratio": [{"count": {"where": {"accuracy": False}}}, {"count": {}}]},
    "sure": {"percentile": {"of": "confidence", "p": 75, "where": {"confidence": {">": 0.25, "<=": 1.5}}}},
    "apart": {"variance": {"of": "confidence", "by": "model"}},
    "uneven": {"variance": {"of": "response_time"}},
    "span": {"difference": [{"max": {"of": "response_time"}}, {"min": {"of": "response_time"}}]},
    "large": {"sum": {"of": "size", "where": {"kind": "x"}}},
    "named": {"count": {"where": {"nobody-reports-this": 1}}},
    "scaled": {"ratio": [{"metric": "large"}, 1024]},
    "mine": {"mean": {"of": "confidence", "where": {"member": "b"}}},
    "versions": {"count": {"where": {"model": {"!=": "a-v0"}}}},
    "odd": {"mean": {"of": "odd", "where": {"odd": {">=": 0}}}},
    "requests": {"count": {"where": {"request": {">": "q3"}}}},
}


def objective(name: str, metric: str, window: WindowSpec, **changes: Any) -> ObjectiveSpec:
    """Returns an objective with a mean of at least 0.6 unless `changes` say otherwise."""
    defaults: dict[str, Any] = {
        "scope": WHOLE,
        "aggregate": "mean",
        "operator": ">=",
        "low": 0.6,
        "min_samples": 4,
        "missing": "freeze",
    }
    merged = {**defaults, **changes}
    merged.setdefault("high", merged["low"])
    return ObjectiveSpec(name=name, metric=metric, window=window, **merged)


def below(name: str, metric: str, window: WindowSpec, low: float, **changes: Any) -> ObjectiveSpec:
    """Returns an objective that demands at most `low`."""
    return objective(name, metric, window, **{"operator": "<=", "low": low, **changes})


VOTE = ScopeSpec(service="vote")

ENSEMBLE = (
    objective("right", "accuracy", COUNT, low=0.75, action="degrade", clear=6.0, cooldown=2.0),
    objective("right-in-time", "accuracy", SLIDING, hold=4.0, clear=2.0),
    objective("right-uneven", "accuracy", UNEVEN, low=0.9),
    objective("right-recent", "accuracy", RECENT, low=0.8, action="degrade", dry_run=True),
    below("wrong", "wrong", MIXED, 0.3),
    below("fast", "response_time", SESSION, 0.25, aggregate="p99"),
    below("fast-mixed", "response_time", MIXED, 0.06, aggregate="p90"),
    below("fast-recent", "response_time", RECENT, 0.05, aggregate="p50"),
    below("fast-sliding", "response_time", SLIDING, 0.1, aggregate="max"),
    below("slowest", "response_time", SPARSE, 0.04, aggregate="min"),
    objective("answered", "availability", SLIDING, operator=">", low=0.94),
    objective("answered-by-count", "availability", COUNT, low=0.96),
    objective("member", "accuracy", COUNT, scope=ScopeSpec(service="vote", member="b"), low=0.7),
    objective("model", "accuracy", TUMBLING, scope=ScopeSpec(model="c-v1"), low=0.7),
    objective("node", "accuracy", BLOCKS, scope=ScopeSpec(device="n1"), low=0.8),
    objective("parts", "accuracy", SLIDING, scope=VOTE, low=0.9),
    objective("rate", "rate", TUMBLING, scope=ScopeSpec(service="end"), aggregate="rate", low=6, missing="broken"),
    objective("throughput", "throughput", SLIDING, operator="between", low=5, high=9),
    objective("sure", "confidence", TUMBLING, scope=VOTE, aggregate="p50", low=1.1),
    objective("sure-b", "confidence", SLIDING, scope=ScopeSpec(service="vote", member="b"), aggregate="mean", low=1),
    objective("sure-on", "confidence", COUNT, scope=ScopeSpec(instance="vote-a-1"), aggregate="sum", low=44),
    objective("sure-model", "confidence", BLOCKS, scope=ScopeSpec(model="d-v0"), aggregate="min", low=0.5),
    below("slow", "response_time", SLIDING, 0.036, scope=VOTE, aggregate="p95"),
    below("slow-session", "response_time", SESSION, 0.03, scope=VOTE),
    objective("sized", "size", RECENT, scope=ScopeSpec(service="source"), aggregate="ratio", low=0.9999),
    *(below(f"m-{name}", name, window, 0.1) for name, window in zip(METRICS, [SLIDING, COUNT, MIXED] * 4, strict=True)),
    *(below(f"v-{name}", name, UNEVEN, 0.7, scope=VOTE) for name in ("sure", "mine", "versions", "large", "wrong")),
)

LOAD = (
    objective("level", "level", COUNT, scope=ScopeSpec(service="load"), low=0),
    below("level-high", "level", SLIDING, 55.0, scope=ScopeSpec(service="load"), aggregate="p99"),
    below("level-sum", "level", TUMBLING, 0.0, scope=ScopeSpec(instance="load-3"), aggregate="sum", hold=3.0),
    objective("level-node", "level", MIXED, scope=ScopeSpec(device="n2"), aggregate="count", low=9, missing="ok"),
    objective("level-model", "level", UNEVEN, scope=ScopeSpec(service="load", model="m2"), aggregate="max", low=60),
    objective("level-three", "level", SESSION, scope=ScopeSpec(model="3"), aggregate="ratio", low=1.0),
    below("odd", "odd", SLIDING, 2.0, scope=ScopeSpec(service="load")),
    below("odd-whole", "odd", SLIDING, 2.0),
    below("time", "response_time", RECENT, 0.2, aggregate="p99.9"),
    below("time-parts", "response_time", SPARSE, 0.2, scope=ScopeSpec(service="load")),
    objective("answered", "availability", TUMBLING, low=0.99),
    objective("rate", "rate", SLIDING, aggregate="rate", scope=ScopeSpec(service="load"), low=60, missing="broken"),
    below("odd-metric", "odd-metric", MIXED, 2.0),
    below("many", "many", COUNT, 30.0),
    objective("confidence", "confidence", SLIDING, scope=ScopeSpec(service="stage"), low=0.92),
    below("stage-time", "response_time", TUMBLING, 0.05, scope=ScopeSpec(service="stage"), aggregate="p50"),
    below("cpu", "cpu.usage.value.core_0", COUNT, 70.0, scope=ScopeSpec(service="stage")),
    below("joined", "accuracy", SLIDING, 0.9),
)

PROCESSING = (
    ProcessingSpec(function="user_functions.py:spread", window=SLIDING, features=("level",), options={"scale": 2.0}),
    ProcessingSpec(function="user_functions.py:spread", parser="user_functions.py:doubled", window=BLOCKS),
    ProcessingSpec(function="user_functions.py:failing", window=SESSION),
)


def ensemble() -> Configuration:
    """Returns the configuration of a source, an ensemble and an end."""
    return Configuration(
        stack="s",
        pipeline="p",
        agent="agent-0",
        services=(
            ServiceSpec(name="end"),
            ServiceSpec(name="source", calls=("vote",)),
            ServiceSpec(name="vote", calls=("end",), members=MEMBERS),
        ),
        instances=(
            *(Instance(instance=f"source-{i}", topic="source", service="source", node="n0") for i in range(2)),
            *(
                Instance(instance=f"vote-{member}-{i}", topic="vote", service="vote", member=member)
                for member in MEMBERS
                for i in range(2)
            ),
            Instance(instance="end-0", topic="end", service="end", node="n9"),
        ),
        contracts=(
            AgentContract(name="first", lateness=2.0, objectives=ENSEMBLE[::2], metrics=METRICS),
            AgentContract(name="second", lateness=1.5, objectives=ENSEMBLE[1::2], metrics=METRICS, ends=BEGIN + 500),
        ),
    )


def one_service(service: str, instances: int, *processing: ProcessingSpec) -> Configuration:
    """Returns the configuration of a pipeline of one service; the last of its instances is not planned."""
    metrics = {"odd-metric": METRICS["odd"], "many": METRICS["requests"]}
    return Configuration(
        stack="s",
        pipeline="p",
        agent="agent-0",
        services=(ServiceSpec(name=service),),
        instances=tuple(
            Instance(instance=f"{service}-{i}", topic=service, service=service) for i in range(instances - 1)
        ),
        contracts=(AgentContract(name="only", lateness=1.0, objectives=LOAD, metrics=metrics, processing=processing),),
    )
