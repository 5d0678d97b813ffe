"""Instances: the replicas of a plan in the form that an agent's configuration lists them in."""

from __future__ import annotations

from rohe_iac.blueprint.language.pipeline import Reports
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import workloads_of
from rohe_iac.observation.configuration import Instance
from rohe_iac.planning.model.plan import Plan

NO_REPORTS = Reports()
"""The `reports` of a service that says nothing of what it reports."""


def instances_of(blueprint: Blueprint, plan: Plan, pipeline: str) -> list[Instance]:
    """Returns every placed replica of the pipeline, in the plan's order; agents and the broker are left out."""
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
        )
        for placement in plan.placements
        if not placement.system and placement.pipeline == pipeline
    ]
