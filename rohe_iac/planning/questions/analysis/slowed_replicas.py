"""Slowed replicas: which replicas of a plan neighbours slow down, which neighbours, and what contracts limit there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rohe_iac.planning.model.keys import AGENT_PREFIX
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.questions.analysis.response_times import Prediction

OTHERS = "other programs"
"""The neighbours that are not of the stack."""


@dataclass(frozen=True, slots=True)
class SlowedReplica:
    """A replica that is slowed down by what else is on its node.

    Attributes:
        replica, node: its address, and the name of its node.
        beside: names of the services of its neighbours, with their number where there are several.
        slowdown: how much longer its requests take, in millionths of its time alone.
        objective: the objective that limits the response times of its service, else of its pipeline; "" without any,
            or where a service is overloaded.
        expected, limit: the response time that is predicted beside these neighbours, and its limit, in microseconds.
    """

    replica: str
    node: str
    beside: tuple[str, ...]
    slowdown: int
    objective: str = ""
    expected: int = 0
    limit: int = 0


def slowed_replicas(problem: Problem, plan: Plan, predictions: Iterable[Prediction]) -> tuple[SlowedReplica, ...]:
    """Returns every replica that the plan states a slowdown of, in the order of the plan."""
    slowed = [item for item in plan.placements if item.slowdown]
    if not slowed:
        return ()
    on: dict[str, Counter[str]] = defaultdict(Counter)
    for item in plan.placements:
        on[item.node][_name(item)] += 1
    used = {
        node.name
        for node in problem.nodes
        if node.cpu_used or node.rss_used or any(device.used for device in node.devices)
    }
    limiting = _limiting(problem, {prediction.objective: prediction for prediction in predictions})
    found = []
    for item in slowed:
        counts = on[item.node] - Counter((_name(item),))
        beside = [f"{number} replicas of {name}" if number > 1 else name for name, number in sorted(counts.items())]
        beside += [OTHERS] if item.node in used else []
        prediction = limiting.get(item.workload)
        expected = prediction and (prediction.beside or prediction.time)
        found.append(
            SlowedReplica(item.replica, item.node, tuple(beside), item.slowdown)
            if prediction is None or not expected
            else SlowedReplica(
                item.replica,
                item.node,
                tuple(beside),
                item.slowdown,
                prediction.objective,
                expected,
                prediction.limit,
            )
        )
    return tuple(found)


def _name(item: Placement) -> str:
    if item.workload.startswith(AGENT_PREFIX):
        return f"the agent of {item.pipeline or item.service}"
    return f"{item.service}/{item.member}" if item.member else item.service


def _limiting(problem: Problem, predictions: Mapping[str, Prediction]) -> dict[str, Prediction]:
    """Returns by workload the prediction of the objective about the fewest services that limits its response times."""
    found: dict[str, Prediction] = {}
    for promise in sorted(problem.promises, key=lambda promise: (len(promise.stages), promise.objective)):
        prediction = predictions.get(promise.objective)
        for stage in promise.stages if prediction is not None else ():
            for time in stage:
                if prediction is not None:
                    found.setdefault(time.workload, prediction)
    return found
