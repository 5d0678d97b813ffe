"""Instances: the replicas of a plan in the form that an agent's configuration lists them in."""

from __future__ import annotations

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import workloads_of
from rohe_iac.observation.configuration import Instance
from rohe_iac.planning.model.plan import Plan


def instances_of(blueprint: Blueprint, plan: Plan, pipeline: str) -> list[Instance]:
    """Returns every placed replica of the pipeline, in the plan's order; agents and the broker are left out."""
    topics = {workload.address: workload.topic for workload in workloads_of(blueprint)}
    return [
        Instance(
            instance=placement.instance,
            topic=topics[placement.workload],
            service=placement.service,
            member=placement.member,
            node=placement.node,
            workload=placement.workload,
        )
        for placement in plan.placements
        if not placement.system and placement.pipeline == pipeline
    ]
