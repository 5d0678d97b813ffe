"""Why a plan may not give what it seems to: little slack, other spreading of requests, and agents that hear nothing."""

from __future__ import annotations

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.foundation.diagnostics import Diagnostic, Severity
from rohe_iac.foundation.quantities import counted
from rohe_iac.planning.model.keys import AGENT_PREFIX
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.questions.analysis.response_times import Prediction, predictions_of

LITTLE_SLACK = "R304"

SPREAD_BY_SERVICE = "R305"

IDLE_AGENTS = "R306"

LEAST_SLACK = 500
"""Slack from which on a limit is not remarked, in basis points: as much as predictions are off."""


def promise_warnings(blueprint: Blueprint, problem: Problem, plan: Plan) -> tuple[Diagnostic, ...]:
    """Returns a warning for each limit with little slack, each entry called at random, and agents that hear nothing.

    Args:
        blueprint: The linked blueprint.
        problem: The problem that the blueprint poses.
        plan: Its solution.
    """
    return (
        *_little_slack(blueprint, problem, plan),
        *_spread_by_service(blueprint, problem),
        *_idle_agents(blueprint, plan),
    )


def _little_slack(blueprint: Blueprint, problem: Problem, plan: Plan) -> list[Diagnostic]:
    found = []
    for prediction in predictions_of(problem, plan):
        if prediction.unknown or (prediction.slack is not None and prediction.slack >= LEAST_SLACK):
            continue
        contract, _, objective = prediction.objective.partition("/")
        message = f"'{objective}' of contract '{contract}' {_predicted(prediction)}"
        hint = "predictions are off by up to 5 %: raise the limit, or plan one replica more"
        if prediction.overload:
            hint = "plan more replicas or state a lower load: requests arrive faster than replicas answer them"
        elif prediction.is_late:
            hint = "raise the limit or the number of replicas, or state how requests are spread (balancing)"
        place = blueprint.places[f"contract/{contract}"]
        found.append(Diagnostic(place, LITTLE_SLACK, message, hint, Severity.WARNING))
    return found


def _predicted(prediction: Prediction) -> str:
    """Returns what is predicted of a response time, with a decimal: whole milliseconds would not give the slack."""
    if prediction.time is None or prediction.slack is None:
        limit = f"{prediction.limit / 1000:g} ms"
        return f"cannot stay below {limit}: a service on its path is overloaded, {prediction.overload} % busy"
    over = "too slow" if prediction.is_late else f"{prediction.slack / 100:.1f} % slack"
    return f"is predicted to take {prediction.time / 1000:.1f} ms of {prediction.limit / 1000:g} ms ({over})"


def _spread_by_service(blueprint: Blueprint, problem: Problem) -> list[Diagnostic]:
    if blueprint.stack.spec.target.local is not None:
        return []
    called = {(pipeline.metadata.name, link.to) for pipeline in blueprint.pipelines for link in pipeline.spec.flow}
    limited = {time.workload for limit in problem.promises for stage in limit.stages for time in stage if time.mean}
    found = {}
    for demand in problem.demands:
        if demand.workload not in limited or demand.replicas < 2 or demand.balancing == "random":
            continue
        if (demand.pipeline, demand.service) in called:
            continue  # services of the flow are told every replica, and choose as stated
        origin = f"service/{demand.pipeline}:{demand.service}"
        sized = f"service '{demand.service}' is sized for balancing {demand.balancing}"
        message = f"{sized}; on Kubernetes its Service picks a pod at random"
        hint = "state balancing: random, or have a service mesh or its callers spread requests as stated"
        found[origin] = Diagnostic(blueprint.places[origin], SPREAD_BY_SERVICE, message, hint, Severity.WARNING)
    return list(found.values())


def _idle_agents(blueprint: Blueprint, plan: Plan) -> list[Diagnostic]:
    found = []
    for pipeline in sorted({share.pipeline for share in plan.shares}):
        shares = [share for share in plan.shares if share.pipeline == pipeline]
        idle = [share for share in shares if not share.instances]
        if not idle:
            continue
        instances = sum(len(share.instances) for share in shares)
        heard = f"{len(idle)} of {counted(len(shares), 'agent')} of pipeline '{pipeline}' hear no instance"
        judge = ", the one that judges among them" if any(share.judges for share in idle) else ""
        # Agents are placed first, so that too many of them leave no room for what they would hear.
        missing = sum(
            item.pipeline == pipeline and item.workload != f"{AGENT_PREFIX}{pipeline}" for item in plan.unplaced
        )
        without = f", and no node for {missing:,} more" if missing else ""
        message = f"{heard}{judge}: the plan has {counted(instances, 'instance')} of it{without}"
        hint = f"state agents: {{perPipeline: {max(1, len(shares) - len(idle))}}}, or fewer"
        place = blueprint.places[f"stack/{blueprint.stack.metadata.name}"]
        found.append(Diagnostic(place, IDLE_AGENTS, message, hint, Severity.WARNING))
    return found
