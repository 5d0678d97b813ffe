"""Agents that share the reports of a pipeline: how a problem spreads them, and how much each service reports."""

from __future__ import annotations

from dataclasses import replace

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.flow import rates_of
from rohe_iac.planning.model.demand import AffinityRule, Demand
from rohe_iac.planning.model.keys import AGENT_PREFIX, NODE_KEY


def with_agents(demands: tuple[Demand, ...], blueprint: Blueprint) -> tuple[Demand, ...]:
    """Returns the demands with the rules of agents, and the rates of the services that report to them.

    Where every pipeline has one agent, which may be anywhere, the demands are returned as they are.
    """
    near = blueprint.stack.spec.agents.near is not None
    agents = [demand for demand in demands if demand.workload.startswith(AGENT_PREFIX)]
    observed = {demand.service for demand in agents if near or demand.replicas > 1}
    if not observed:
        return demands
    rates = {
        pipeline.metadata.name: rates_of(pipeline)
        for pipeline in blueprint.pipelines
        if pipeline.metadata.name in observed
    }
    found = []
    for demand in demands:
        if demand.workload.startswith(AGENT_PREFIX) and demand.service in observed:
            # A node that fails takes one agent where others have room for the rest.
            apart = (AffinityRule((demand.workload,), NODE_KEY, required=False),) if demand.replicas > 1 else ()
            found.append(replace(demand, avoid=(*demand.avoid, *apart), hears_near=near))
        elif not demand.system and demand.pipeline in observed:
            found.append(replace(demand, rate=round(1000 * rates[demand.pipeline].get(demand.service, 0.0))))
        else:
            found.append(demand)
    return tuple(found)
