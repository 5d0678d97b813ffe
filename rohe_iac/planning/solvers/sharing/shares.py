"""Shares: what each agent of a plan hears, where several observe one pipeline."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.keys import AGENT_PREFIX, ZONE_KEY
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.share import Share
from rohe_iac.planning.solvers.sharing.division import HeardInstance, Hearer, divide

CAPACITY = 1000
"""The part of an agent that only receives reports, in proportion to that of the judge."""

JUDGE_CAPACITY = 500
"""The part of the agent that judges, which also works on the reports of all others: a choice, not a balance.

The judge takes 45 us of a forwarded report and 84 us of one that it hears itself, a receiver 51 us of one
(tests/benchmarks/bench_agents.py), so it is the busiest of any number of agents. Of two agents with these parts it
takes 58 us of a report of the pipeline, where it would take 64 with an equal part and 45 with none."""


def shares_of(problem: Problem, plan: Plan, previous: Plan | None) -> tuple[Share, ...]:
    """Returns the shares of the pipelines that several agents observe, by pipeline and index of the agent.

    Args:
        problem: What was placed.
        plan: Where it was placed; its own shares are not looked at.
        previous: The plan applied last: instances stay with the agent that heard them where shares stay even.
    """
    agents: dict[str, list[Placement]] = defaultdict(list)
    heard: dict[str, list[Placement]] = defaultdict(list)
    for placement in plan.placements:
        if placement.workload.startswith(AGENT_PREFIX):
            agents[placement.service].append(placement)
        elif not placement.system:
            heard[placement.pipeline].append(placement)
    several = {pipeline: sorted(group, key=_index) for pipeline, group in sorted(agents.items()) if len(group) > 1}
    if not several:
        return ()
    demands = {demand.workload: demand for demand in problem.demands}
    zones = {node.name: dict(node.labels).get(ZONE_KEY, "") for node in problem.nodes}
    found: list[Share] = []
    for pipeline, group in several.items():
        found += _shares_of_pipeline(pipeline, group, heard[pipeline], demands, zones, previous)
    return tuple(found)


def _index(placement: Placement) -> int:
    return placement.index


def _shares_of_pipeline(
    pipeline: str,
    agents: Sequence[Placement],
    heard: Sequence[Placement],
    demands: Mapping[str, Demand],
    zones: Mapping[str, str],
    previous: Plan | None,
) -> Iterable[Share]:
    before, judged = _heard_before(pipeline, previous)
    names = [agent.instance for agent in agents]
    # The store is with the judge, so that the one of before goes on.
    judge = judged if judged in names else names[0]
    near = demands[agents[0].workload].hears_near
    rates = {item.instance: _rate(demands[item.workload]) for item in heard}
    agent_of = divide(
        [
            HeardInstance(item.instance, item.service, max(1, rates[item.instance]), item.node, zones[item.node])
            for item in heard
        ],
        [
            Hearer(
                agent.instance, JUDGE_CAPACITY if agent.instance == judge else CAPACITY, agent.node, zones[agent.node]
            )
            for agent in agents
        ],
        before,
        near=near,
    )
    services = Counter(item.service for item in heard)
    for agent in agents:
        own = [item for item in heard if agent_of[item.instance] == agent.instance]
        yield Share(
            pipeline,
            agent.instance,
            agent.instance == judge,
            tuple(sorted(item.instance for item in own)),
            sum(rates[item.instance] for item in own) // 1000,
            share_reason(own, services, agent, zones, judges=agent.instance == judge, near=near),
        )


def _rate(demand: Demand) -> int:
    """Returns the requests that one replica serves in 1,000,000 seconds."""
    return demand.rate * 1000 // max(1, demand.replicas)


def _heard_before(pipeline: str, previous: Plan | None) -> tuple[dict[str, str], str]:
    """Returns who heard each instance of the pipeline in the previous plan, and who judged; the only agent did both."""
    if previous is None:
        return {}, ""
    shares = [share for share in previous.shares if share.pipeline == pipeline]
    if shares:
        heard = {instance: share.agent for share in shares for instance in share.instances}
        return heard, next((share.agent for share in shares if share.judges), "")
    agent = next((item for item in previous.placements if item.workload == f"{AGENT_PREFIX}{pipeline}"), None)
    if agent is None:
        return {}, ""
    heard = {item.instance: agent.instance for item in previous.placements if item.pipeline == pipeline}
    return heard, agent.instance


def share_reason(
    own: Sequence[Placement],
    services: Mapping[str, int],
    agent: Placement,
    zones: Mapping[str, str],
    *,
    judges: bool,
    near: bool,
) -> str:
    """Returns why an agent hears these instances, for people.

    Args:
        own: The instances that the agent hears.
        services: How many instances each service of the pipeline has.
        agent: The agent.
        zones: The zone of each node, "" where it has none.
        judges: Whether the agent judges.
        near: Whether the blueprint asks that agents hear what is near them.
    """
    counts = Counter(item.service for item in own)
    whole = [name for name, count in sorted(counts.items()) if count == services[name]]
    parts = [f"{count} of {services[name]} of {name}" for name, count in sorted(counts.items()) if name not in whole]
    words = "; ".join(filter(None, (f"all of {', '.join(whole)}" if whole else "", ", ".join(parts)))) or "nothing"
    if judges:
        words = f"judges, so it hears less: {words}"
    if near and own:
        far = sum(
            item.node != agent.node and (not zones[agent.node] or zones[item.node] != zones[agent.node]) for item in own
        )
        words += f"; {len(own) - far} of {len(own)} in its zone or on its node"
    return words
