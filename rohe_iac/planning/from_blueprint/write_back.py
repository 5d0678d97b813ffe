"""Writes the planned amounts into a blueprint as requests, so that manifests ask for what was planned."""

from __future__ import annotations

from dataclasses import replace

from rohe_iac.blueprint.language.pipeline import AcceleratorRequest, Memory, Requests, Service
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.sizing.requests import has_amounts


def with_planned_requests(blueprint: Blueprint, problem: Problem) -> Blueprint:
    """Returns the blueprint with the problem's amounts as requests of each service, member and variant without any."""
    demands = {demand.workload: demand for demand in problem.demands}
    pipelines = tuple(
        pipeline.model_copy(
            update={
                "spec": pipeline.spec.model_copy(
                    update={
                        "services": tuple(
                            _service(service, f"service/{pipeline.metadata.name}:{service.name}", demands)
                            for service in pipeline.spec.services
                        )
                    }
                )
            }
        )
        for pipeline in blueprint.pipelines
    )
    return replace(blueprint, pipelines=pipelines)


def _service(service: Service, address: str, demands: dict[str, Demand]) -> Service:
    if has_amounts(service.requests):
        return service
    if service.ensemble is not None:
        members = tuple(
            member
            if member.requests is not None
            else member.model_copy(update={"requests": _requests(demands[f"{address}/{member.name}"].resources)})
            for member in service.ensemble.members
        )
        return service.model_copy(update={"ensemble": service.ensemble.model_copy(update={"members": members})})
    if service.variants:
        amounts = {variant.name: variant.resources for variant in demands[address].variants}
        variants = tuple(
            variant
            if variant.requests is not None or variant.name not in amounts
            else variant.model_copy(update={"requests": _requests(amounts[variant.name])})
            for variant in service.variants
        )
        return service.model_copy(update={"variants": variants})
    return service.model_copy(update={"requests": _requests(demands[address].resources)})


def _requests(amounts: Resources) -> Requests:
    return Requests.model_construct(
        cpu=amounts.cpu,
        cores=amounts.cores,
        memory=Memory.model_construct(rss=amounts.rss, vms=amounts.vms) if amounts.rss else None,
        accelerators={
            request.type: AcceleratorRequest.model_construct(
                share=request.share or None,
                count=request.count or None,
                models=request.models,
                memory=request.memory or None,
            )
            for request in amounts.devices
        },
        disk=amounts.disk,
        network=amounts.network,
    )
