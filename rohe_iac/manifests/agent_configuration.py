"""What the agents of a pipeline are told: the instances of the plan, who hears them, and who judges."""

from __future__ import annotations

from rohe_iac.blueprint.language.pipeline import Reports
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import workloads_of
from rohe_iac.observation.configuration import Instance, configuration_of
from rohe_iac.planning.model.plan import Placement, Plan

NO_REPORTS = Reports()
"""The `reports` of a service that says nothing of what it reports."""


def agent_configuration(blueprint: Blueprint, plan: Plan, placement: Placement) -> bytes:
    """Returns the configuration of the agent that a plan places, as canonical JSON.

    Raises:
        UnusableContract: A contract cannot be judged.
    """
    pipeline = placement.service
    shares = [share for share in plan.shares if share.pipeline == pipeline]
    judge = next((share.agent for share in shares if share.judges), "")
    receivers = [share.agent for share in shares if not share.judges]
    instances = instances_of(blueprint, plan, pipeline)
    return configuration_of(blueprint, pipeline, placement.instance, instances, judge, receivers)


def instances_of(blueprint: Blueprint, plan: Plan, pipeline: str) -> list[Instance]:
    """Returns every placed replica of the pipeline with the agent that hears it, in the plan's order.

    Agents and the broker are left out.
    """
    hearers = {name: share.agent for share in plan.shares if not share.judges for name in share.instances}
    workloads = {workload.address: workload for workload in workloads_of(blueprint)}
    return [
        Instance(
            instance=placement.instance,
            topic=workloads[placement.workload].topic,
            service=placement.service,
            member=placement.member,
            node=placement.node,
            workload=placement.workload,
            reports=workloads[placement.workload].service.reports != NO_REPORTS,
            agent=hearers.get(placement.instance, ""),
        )
        for placement in plan.placements
        if not placement.system and placement.pipeline == pipeline
    ]
