"""Shared volumes: services that share a volume of one node have to be on one node, all replicas of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import workloads_of
from rohe_iac.planning.model.demand import AffinityRule, Demand
from rohe_iac.planning.model.keys import NODE_KEY


def with_shared_volumes(demands: tuple[Demand, ...], blueprint: Blueprint) -> tuple[Demand, ...]:
    """Returns the demands with a rule for each volume of a pipeline that one node at a time can mount.

    The first replica that is placed decides on the node; each further one has to be near one of them. Volumes that
    many nodes can mount (ReadWriteMany, ReadOnlyMany) bind nobody.
    """
    sharers: dict[tuple[str, str], list[Demand]] = defaultdict(list)
    mounted = {
        workload.address: {str(item.name) for item in workload.service.volumes if item.is_shared}
        for workload in (
            workloads_of(blueprint) if any(pipeline.spec.volumes for pipeline in blueprint.pipelines) else ()
        )
        if workload.service.volumes
    }
    bound = {
        (pipeline.metadata.name, volume.name)
        for pipeline in blueprint.pipelines
        for volume in pipeline.spec.volumes
        if volume.access_mode == "ReadWriteOnce"
    }
    for demand in demands:
        for name in mounted.get(demand.workload, ()) if not demand.system else ():
            if (demand.pipeline, name) in bound:
                sharers[demand.pipeline, name].append(demand)
    rules: dict[str, set[AffinityRule]] = defaultdict(set)
    for (_, volume), group in sharers.items():
        if sum(demand.replicas for demand in group) > 1 or any(demand.node_share for demand in group):
            rule = AffinityRule(tuple(sorted(demand.workload for demand in group)), NODE_KEY, volume=volume)
            for demand in group:
                rules[demand.workload].add(rule)
    if not rules:
        return demands
    return tuple(
        replace(demand, near=tuple(sorted({*demand.near, *rules[demand.workload]}, key=_order)))
        if demand.workload in rules
        else demand
        for demand in demands
    )


def _order(rule: AffinityRule) -> tuple[tuple[str, ...], str, bool, str]:
    return (rule.workloads, rule.key, rule.required, rule.volume)
