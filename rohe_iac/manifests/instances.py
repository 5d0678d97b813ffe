"""The replicas of a plan as an agent needs to know them."""

from __future__ import annotations

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import workloads_of
from rohe_iac.observation.configuration import Instance
from rohe_iac.planning.model.plan import Plan


def instances_of(blueprint: Blueprint, plan: Plan, pipeline: str) -> list[Instance]:
    """Every placed replica of the pipeline, in the plan's order."""
    topics = {workload.address: workload.topic for workload in workloads_of(blueprint)}
    return [
        Instance(
            instance=place.instance,
            topic=topics[place.workload],
            service=place.service,
            member=place.member,
            node=place.node,
            workload=place.workload,
        )
        for place in plan.placements
        if not place.system and place.pipeline == pipeline
    ]
