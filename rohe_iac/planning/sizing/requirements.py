"""What sizing has to keep: limits of response times, least rates and least accuracies, from objectives of contracts."""

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
    """An upper limit of a response time.

    Attributes:
        percent: The percentile that is limited, such as 99; 0 stands for the mean.
        seconds: The largest value allowed.
    """

    percent: float
    seconds: float

    @property
    def aggregate(self) -> str:
        """The aggregate as a contract writes it: mean, p99."""
        return f"p{self.percent:g}" if self.percent else "mean"


@dataclass(frozen=True, slots=True)
class Requirements:
    """What one workload, or a whole pipeline, has to keep.

    Attributes:
        limits: Limits of response times, sorted.
        rate: Requests a second that have to be served at least.
        accuracy: Least accuracy, in [0, 1].
    """

    limits: tuple[Limit, ...] = ()
    rate: float = 0.0
    accuracy: float = 0.0


def requirements_of(blueprint: Blueprint, workload: Workload) -> Requirements:
    """Returns the requirements from contracts that name the workload's service, or the member that it is."""
    return _requirements(
        [
            objective
            for contract in blueprint.contracts
            if contract.spec.pipeline == workload.pipeline
            for objective in contract.spec.objectives
            if is_about(objective, workload)
        ]
    )


def pipeline_requirements(blueprint: Blueprint, pipeline: str) -> Requirements:
    """Returns the requirements from objectives about the whole pipeline, source to sink."""
    return _requirements(
        [
            objective
            for contract in blueprint.contracts
            if contract.spec.pipeline == pipeline
            for objective in contract.spec.objectives
            if is_overall(objective)
        ]
    )


def is_overall(objective: Objective) -> bool:
    """Checks whether an objective is about the whole pipeline, source to sink."""
    return not any(getattr(objective.scope, name) for name in ("service", "member", "instance", "model", "device"))


def is_about(objective: Objective, workload: Workload) -> bool:
    """Checks whether an objective names the workload's service, or the member that it is, and nothing narrower."""
    scope = objective.scope
    if scope.service is None or scope.instance or scope.model or scope.device:
        return False
    named = scope.service.rpartition(":")[2]
    return named == workload.service.name and scope.member in (None, workload.member)


def _requirements(objectives: list[Objective]) -> Requirements:
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
    return Requirements(tuple(sorted(limits, key=lambda limit: (limit.percent, limit.seconds))), rate, accuracy)


def limit_of(objective: Objective) -> Limit | None:
    """Returns the upper limit of a response time that an objective sets; None where the objective sets none."""
    bound, percent = _bound(objective), _percent(objective.aggregate)
    upper = objective.operator not in (">", ">=")
    if objective.metric != RESPONSE_TIME or bound.kind != "time" or not upper or percent is None:
        return None
    return Limit(percent, bound.value)


def _bound(objective: Objective) -> Amount:
    return objective.bounds[-1] if objective.operator in ("<", "<=", "between") else objective.bounds[0]


def _is_rate(objective: Objective) -> bool:
    """Checks whether an objective is about requests a second; a bound without a unit counts as requests a second."""
    kind = _bound(objective).kind
    return kind == "rate" or (kind == "number" and (objective.metric in RATES or objective.aggregate == "rate"))


def _percent(aggregate: str) -> float | None:
    if aggregate == "mean":
        return 0.0
    # No queueing formula bounds a maximum; the strictest percentile that a contract can name stands for a maximum.
    return 99.9 if aggregate == "max" else float(aggregate[1:]) if aggregate.startswith("p") else None
