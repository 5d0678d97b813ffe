"""What sizing has to hold: limits of response times, least rates and accuracies, and the requests that arrive."""

from __future__ import annotations

from dataclasses import dataclass

from rohe_iac.blueprint.language.amounts import Amount
from rohe_iac.blueprint.language.contract import Objective
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import Workload

RESPONSE_TIME = "response_time"


ACCURACY = "accuracy"


RATES = ("throughput", "rate")


@dataclass(frozen=True, slots=True)
class Limit:
    """A response time of at most `seconds`; percent 0 stands for the mean, 99 for the 99th percentile."""

    percent: float
    seconds: float

    @property
    def word(self) -> str:
        """As a contract writes it: mean, p99."""
        return f"p{self.percent:g}" if self.percent else "mean"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one workload, or a whole pipeline, has to hold. rate: requests a second; accuracy in [0, 1]."""

    limits: tuple[Limit, ...] = ()
    rate: float = 0.0
    accuracy: float = 0.0


def wanted_of(blueprint: Blueprint, workload: Workload) -> Wanted:
    """The objectives of the contracts that name this service, or this member of it."""
    return _wanted(
        [
            objective
            for contract in blueprint.contracts
            if contract.spec.pipeline == workload.pipeline
            for objective in contract.spec.objectives
            if is_about(objective, workload)
        ]
    )


def wanted_of_pipeline(blueprint: Blueprint, pipeline: str) -> Wanted:
    """The objectives of the contracts about the whole pipeline, source to sink."""
    return _wanted(
        [
            objective
            for contract in blueprint.contracts
            if contract.spec.pipeline == pipeline
            for objective in contract.spec.objectives
            if is_overall(objective)
        ]
    )


def is_overall(objective: Objective) -> bool:
    """Whether it is about the whole pipeline, source to sink."""
    return not any(getattr(objective.scope, name) for name in ("service", "member", "instance", "model", "device"))


def is_about(objective: Objective, workload: Workload) -> bool:
    """Whether it names this service, or this member of it, and nothing narrower."""
    scope = objective.scope
    if scope.service is None or scope.instance or scope.model or scope.device:
        return False
    named = scope.service.rpartition(":")[2]
    return named == workload.service.name and scope.member in (None, workload.member)


def _wanted(objectives: list[Objective]) -> Wanted:
    limits, rate, accuracy = [], 0.0, 0.0
    for objective in objectives:
        bound = _bound(objective)
        at_least = objective.operator in (">", ">=")
        limit = limit_of(objective)
        if limit is not None:
            limits.append(limit)
        elif at_least and _is_rate(objective):
            rate = max(rate, bound.value)
        elif at_least and objective.metric == ACCURACY:
            accuracy = max(accuracy, bound.value)
    return Wanted(tuple(sorted(limits, key=lambda limit: (limit.percent, limit.seconds))), rate, accuracy)


def limit_of(objective: Objective) -> Limit | None:
    """The most that a response time may be, or None where the objective does not limit one."""
    bound, percent = _bound(objective), _percent(objective.aggregate)
    upper = objective.operator not in (">", ">=")
    if objective.metric != RESPONSE_TIME or bound.kind != "time" or not upper or percent is None:
        return None
    return Limit(percent, bound.value)


def _bound(objective: Objective) -> Amount:
    return objective.bounds[-1] if objective.operator in ("<", "<=", "between") else objective.bounds[0]


def _is_rate(objective: Objective) -> bool:
    """Whether it is about requests a second; a number without a unit is compared with those too."""
    kind = _bound(objective).kind
    return kind == "rate" or (kind == "number" and (objective.metric in RATES or objective.aggregate == "rate"))


def _percent(aggregate: str) -> float | None:
    if aggregate == "mean":
        return 0.0
    # Nothing promises a maximum; the strictest percentile that a contract can name stands for it.
    return 99.9 if aggregate == "max" else float(aggregate[1:]) if aggregate.startswith("p") else None
