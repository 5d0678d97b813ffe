"""Makes the planner's whole input, a Problem of frozen plain values, of a linked blueprint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from rohe_iac.blueprint.language.accelerators.accelerator import Accelerator
from rohe_iac.blueprint.language.inventory import DeviceType, InventorySpec, Node, UsedAccelerator
from rohe_iac.blueprint.language.pipeline import Requests
from rohe_iac.blueprint.language.placement import Affinity, Spread
from rohe_iac.blueprint.language.scale.replicas import node_share
from rohe_iac.blueprint.language.stack import PlannerSettings
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.capacity import capacity_of
from rohe_iac.blueprint.linked.cluster_device import is_given_whole
from rohe_iac.blueprint.linked.workload import Workload, balancing_of, workloads_of
from rohe_iac.planning.from_blueprint.agents import with_agents
from rohe_iac.planning.from_blueprint.node_counts import with_node_counts
from rohe_iac.planning.from_blueprint.node_labels import node_preferences, selected_labels
from rohe_iac.planning.from_blueprint.shared_volumes import with_shared_volumes
from rohe_iac.planning.model.demand import (
    AffinityRule,
    Demand,
    DemandVariant,
    DeviceRequest,
    Edge,
    PortRequest,
    Resources,
    SkewRule,
    SpreadRule,
    TolerationRule,
)
from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.problem import WEIGHT_ONE, Problem, Settings
from rohe_iac.planning.model.promise import ResponseTimeLimit
from rohe_iac.planning.model.strategies import BEST_FIT
from rohe_iac.planning.model.supply import Device, NodeTaint, Supply, Wire
from rohe_iac.planning.sizing.interference import USUAL_SLOWDOWN
from rohe_iac.planning.sizing.requests import has_amounts
from rohe_iac.planning.sizing.requirements import limit_of

if TYPE_CHECKING:
    from rohe_iac.planning.sizing.profile import Profile
    from rohe_iac.planning.sizing.workload import Sizing

AUTO_NOTE = "replicas: auto counts as 1 until it is sized from a profile"
"""The note of a service with `replicas: auto` that no profile sizes."""

DEVICE_TYPE_LABEL = "rohe.dev/device-type"
"""The label with the name of a node's device type, set on all nodes where sizing chose a device type for a service."""


def problem_of(blueprint: Blueprint, profiles: Mapping[str, Profile] | None = None) -> Problem:
    """Returns the placement problem of a blueprint, its nodes and links sorted by name.

    Args:
        blueprint: The linked blueprint.
        profiles: By the path that `profile:` gives. Profiles size `replicas: auto`, choose variants and stand in for
            requests that are not written. Without a profile `replicas: auto` counts as 1, with a note that says so.
    """
    workloads = workloads_of(blueprint)
    sizings = _sizings(blueprint, profiles)
    members: dict[tuple[str, str], tuple[str, ...]] = {}
    for workload in workloads:
        key = (workload.pipeline, workload.service.name)
        if not workload.system:
            members[key] = (*members.get(key, ()), workload.address)
    supplies = _supplies(blueprint.inventory.spec, sizings, in_cluster=blueprint.stack.spec.target.local is None)
    nodes = tuple(sorted(supplies, key=lambda node: node.name))
    demands = tuple(
        _with_slowdown(_with_sizing(_demand(blueprint, workload, members), workload, sizings), workload, profiles or {})
        for workload in workloads
    )
    demands = with_shared_volumes(with_agents(demands, blueprint), blueprint)
    settings = _settings(blueprint)
    problem = Problem(
        stack=blueprint.stack.metadata.name,
        nodes=nodes,
        demands=demands,
        wires=tuple(
            sorted(
                (
                    Wire(link.name, link.between, _millionths(link.latency), link.bandwidth)
                    for link in blueprint.inventory.spec.links
                ),
                key=lambda wire: wire.name,
            )
        ),
        edges=_edges(blueprint, members),
        settings=settings,
        promises=_promises(blueprint, profiles, sizings),
        gangs=tuple(sorted(pipeline.metadata.name for pipeline in blueprint.pipelines if pipeline.spec.gang)),
    )
    return with_node_counts(problem)


def _promises(
    blueprint: Blueprint, profiles: Mapping[str, Profile] | None, sizings: Mapping[str, Sizing]
) -> tuple[ResponseTimeLimit, ...]:
    if not any(limit_of(objective) for contract in blueprint.contracts for objective in contract.spec.objectives):
        return ()
    from rohe_iac.planning.from_blueprint.promises import promises_of

    return promises_of(blueprint, profiles or {}, sizings)


def _sizings(blueprint: Blueprint, profiles: Mapping[str, Profile] | None) -> Mapping[str, Sizing]:
    if not profiles:
        return {}
    from rohe_iac.planning.sizing.pipeline import sizings_of

    return sizings_of(blueprint, profiles)


def _with_sizing(demand: Demand, workload: Workload, sizings: Mapping[str, Sizing]) -> Demand:
    """Returns the demand with the replicas, the variant, the device type and the amounts that sizing decided."""
    sizing = sizings.get(demand.workload)
    if sizing is None:
        return demand
    service = workload.service
    selector = {**dict(demand.selector), **({DEVICE_TYPE_LABEL: sizing.device_type} if sizing.device_type else {})}
    variants = tuple(variant for variant in demand.variants if variant.name == sizing.variant)
    requests = {variant.name: variant.requests or service.requests for variant in workload.alternatives}
    return replace(
        demand,
        replicas=sizing.replicas if service.replicas == "auto" else demand.replicas,
        note=sizing.note if service.replicas == "auto" or demand.variants else demand.note,
        selector=tuple(sorted(selector.items())),
        resources=demand.resources if has_amounts(service.requests) else _sized(sizing, demand.resources),
        variants=tuple(
            variant
            if has_amounts(requests[variant.name])
            else replace(variant, resources=_sized(sizing, variant.resources))
            for variant in variants
        ),
    )


def _sized(sizing: Sizing, written: Resources) -> Resources:
    """Returns the amounts of a profile, with those that no profile has as the blueprint writes them."""
    return replace(sizing.resources, disk=written.disk, network=written.network)


def _with_slowdown(demand: Demand, workload: Workload, profiles: Mapping[str, Profile]) -> Demand:
    """Returns a demand that is sensitive to neighbours with the slowdown that they cause; of variants the largest.

    Where no profile says it, USUAL_SLOWDOWN counts.
    """
    if demand.sensitivity == "none":
        return demand
    names = {variant.name for variant in demand.variants}
    paths = [variant.profile or workload.service.profile for variant in workload.alternatives if variant.name in names]
    known = [profiles[path].slowdown for path in paths or [workload.service.profile] if path and path in profiles]
    excess = max((slowdown.mean - 1 for slowdown in known if slowdown is not None), default=USUAL_SLOWDOWN)
    return replace(demand, slowdown=round(max(excess, 0.0) * 10_000) * 100)


def _settings(blueprint: Blueprint) -> Settings:
    planner, target = blueprint.stack.spec.planner, blueprint.stack.spec.target
    ports = None
    if target.local is not None:
        first, last = target.local.ports.split("-")
        ports = (int(first), int(last))
    return Settings(
        objective=tuple(planner.objective),
        strategy=_strategy(planner),
        iterations=planner.iterations,
        cpu_weight=_weight(planner.weights.cpu),
        memory_weight=_weight(planner.weights.memory),
        accelerator_weight=_weight(planner.weights.accelerator),
        queue_priority=planner.queue.priority,
        queue_balance=planner.queue.balance,
        vms_ratio=round(Fraction(str(planner.overcommit.vms)) * 1_000_000),
        survive=planner.survive.nodes,
        survive_zones=planner.survive.zones,
        ports=ports,
        one_machine=target.local is not None,
        filters=planner.filters,
        scorers=tuple(sorted((name, _weight(weight)) for name, weight in planner.scorers.items())),
    )


def _strategy(planner: PlannerSettings) -> str:
    """Returns the strategy of a stack; of one that names none, but scores nodes itself, a pass that follows scores."""
    named = "strategy" in planner.model_fields_set
    scores = {"scorers", "weights"} & planner.model_fields_set
    return BEST_FIT if scores and not named else planner.strategy


def _weight(value: float) -> int:
    return round(Fraction(str(value)) * WEIGHT_ONE)


def _millionths(value: float | None) -> int | None:
    return None if value is None else round(Fraction(str(value)) * 1_000_000)


def _supplies(spec: InventorySpec, sizings: Mapping[str, Sizing], *, in_cluster: bool) -> list[Supply]:
    found = [_supply(node, spec.device_types.get(node.device_type or ""), in_cluster) for node in spec.nodes]
    if not any(sizing.device_type for sizing in sizings.values()):
        return found
    return [
        replace(node, labels=tuple(sorted({**dict(node.labels), DEVICE_TYPE_LABEL: node.device_type}.items())))
        for node in found
    ]


def _supply(node: Node, kind: DeviceType | None, in_cluster: bool) -> Supply:
    capacity, used = capacity_of(node, kind), node.used
    memory = capacity.memory
    return Supply(
        name=node.name,
        cpu=capacity.cpu,
        rss=memory.rss if memory else 0,
        vms=memory.vms if memory else None,
        cores=capacity.cores,
        devices=_devices(capacity.accelerators, used.accelerators, in_cluster),
        cpu_used=used.cpu,
        rss_used=used.memory.rss if used.memory else 0,
        vms_used=(used.memory.vms or 0) if used.memory else 0,
        cores_used=used.cores,
        device_type=node.device_type or "",
        arch=capacity.arch or "",
        frequency=capacity.frequency or 0,
        cost=_millionths(capacity.cost) or 0,
        labels=tuple(sorted(node.labels.items())),
        taints=tuple(
            sorted(
                (NodeTaint(taint.key, taint.value, taint.effect) for taint in node.taints),
                key=lambda taint: (taint.key, taint.value, taint.effect),
            )
        ),
        status=node.status,
        disk=capacity.disk,
        network=capacity.network,
        disk_used=used.disk,
        network_used=used.network,
    )


def _devices(entries: dict[str, Accelerator], used: dict[str, UsedAccelerator], in_cluster: bool) -> tuple[Device, ...]:
    found = []
    for name, entry in sorted(entries.items()):
        # Where `used` names an entry of several devices, the amounts fill the devices one after another.
        whole = used.get(name, UsedAccelerator())
        share_left, memory_left = whole.share, whole.memory
        for number in range(entry.count):
            device = name if entry.count == 1 else f"{name}-{number}"
            if device in used and device != name:
                share, memory = used[device].share, used[device].memory
            else:
                share = min(share_left, entry.capacity)
                memory = memory_left if entry.memory is None else min(memory_left, entry.memory)
                share_left, memory_left = share_left - share, memory_left - memory
            # What a cluster gives out whole is planned whole, so that the cluster can keep the plan.
            exclusive = is_given_whole(entry) if in_cluster else entry.mode == "exclusive"
            found.append(
                Device(device, entry.type, entry.model or "", exclusive, entry.capacity, share, entry.memory, memory)
            )
    return tuple(found)


def _resources(requests: Requests) -> Resources:
    return Resources(
        cpu=requests.cpu,
        cores=tuple(sorted(requests.cores, reverse=True)),
        rss=requests.memory.rss if requests.memory else 0,
        vms=requests.memory.vms if requests.memory else None,
        devices=tuple(
            DeviceRequest(
                kind, request.share or 0, request.count or 0, tuple(sorted(request.models)), request.memory or 0
            )
            for kind, request in sorted(requests.accelerators.items())
            if request.share or request.count
        ),
        disk=requests.disk,
        network=requests.network,
    )


def _demand(blueprint: Blueprint, workload: Workload, members: dict[tuple[str, str], tuple[str, ...]]) -> Demand:
    service = workload.service
    rules = service.placement
    selector, matches = selected_labels(rules.node_selector)
    share = node_share(service.replicas)
    return Demand(
        workload=workload.address,
        replica=workload.replica(0).rpartition("/")[0],
        slug=workload.slug,
        pipeline=workload.pipeline,
        service=service.name,
        member=workload.member,
        replicas=service.replicas if isinstance(service.replicas, int) else 1,
        node_share=share,
        resources=_resources(service.requests),
        system=workload.system,
        note=AUTO_NOTE if service.replicas == "auto" else "",
        arch=tuple(sorted(service.arch)),
        sensitivity=service.sensitivity,
        priority=service.priority,
        selector=selector,
        matches=matches,
        tolerations=tuple(
            sorted(
                (TolerationRule(rule.key, rule.operator, rule.value, rule.effect or "") for rule in rules.tolerations),
                key=lambda toleration: (toleration.key, toleration.operator, toleration.value, toleration.effect),
            )
        ),
        spread=tuple(
            sorted(
                _spread_rules(rules.spread, one_a_node=bool(share)),
                key=lambda spread: (spread.key, spread.limit),
            )
        ),
        update_room=0 if workload.system else (service.reserve or blueprint.stack.spec.planner.reserve).update,
        skews=tuple(
            sorted(
                (
                    SkewRule(rule.topology_key, rule.max_skew, rule.required)
                    for rule in rules.spread
                    if rule.max_skew is not None
                ),
                key=lambda skew: (skew.key, skew.most, skew.required),
            )
        ),
        prefers=node_preferences(rules.prefer),
        avoid=_affinities(rules.avoid, workload, members),
        near=_affinities(rules.near, workload, members),
        ports=tuple(PortRequest(port.name, port.host_port or 0, port.protocol) for port in service.ports),
        balancing="" if workload.system else balancing_of(blueprint, service),
        variants=tuple(
            DemandVariant(
                variant.name,
                _resources(variant.requests or service.requests),
                round((variant.accuracy if variant.accuracy is not None else service.accuracy or 0.0) * 1_000_000),
            )
            for variant in workload.alternatives
        ),
    )


def _spread_rules(rules: tuple[Spread, ...], *, one_a_node: bool) -> Iterator[SpreadRule]:
    """Yields the bounds of replicas in one domain; `one_a_node` is that of a service that nodes count."""
    if one_a_node:
        yield SpreadRule(NODE_KEY, 1)
    for rule in rules:
        if rule.limit is not None and not (one_a_node and rule.topology_key == NODE_KEY):
            yield SpreadRule(rule.topology_key, rule.limit)


def _affinities(
    rules: tuple[Affinity, ...], workload: Workload, members: dict[tuple[str, str], tuple[str, ...]]
) -> tuple[AffinityRule, ...]:
    found = []
    for rule in rules:
        pipeline, colon, name = rule.service.rpartition(":")
        if workload.system and not colon:
            # An agent is near services of its own pipeline, the broker near those of any.
            own = workload.service.name if workload.role == "agent" else ""
            named = [found for (owner, called), found in members.items() if called == name and own in ("", owner)]
            addresses = tuple(sorted(address for found in named for address in found))
        else:
            addresses = members.get((pipeline if colon else workload.pipeline, name), ())
        if workload.system and not addresses:
            continue  # the agent of a pipeline without such a service
        found.append(AffinityRule(addresses, rule.topology_key, rule.required))
    return tuple(sorted(found, key=lambda rule: (rule.workloads, rule.key, rule.required)))


def _edges(blueprint: Blueprint, members: dict[tuple[str, str], tuple[str, ...]]) -> tuple[Edge, ...]:
    found = []
    for pipeline in blueprint.pipelines:
        name = pipeline.metadata.name
        for link in pipeline.spec.flow:
            rate = round(Fraction(str(link.rate)) * 1_000_000)
            found += [
                Edge(source, sink, _millionths(link.latency), link.bandwidth, rate, link.within or "")
                for source in members.get((name, link.from_), ())
                for sink in members.get((name, link.to), ())
            ]
    return tuple(sorted(found, key=lambda edge: (edge.source, edge.sink, edge.latency or -1, edge.bandwidth or -1)))
