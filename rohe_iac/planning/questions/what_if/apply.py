"""Applies what-if edits to a problem, or to the blueprint where the problem has to be derived again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TypeVar, get_args

from msgspec import structs

from rohe_iac.blueprint.language.pipeline import Balancing, Pipeline
from rohe_iac.blueprint.language.scale.replicas import PER_NODE, WHOLE, node_share
from rohe_iac.blueprint.language.stack import Stack
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.quantities import bits_per_second, byte_count, millicores, per_second
from rohe_iac.planning.from_blueprint.node_counts import with_node_share, without_node_count
from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.plan import CoreUse, DeviceUse, Placement
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply, Wire
from rohe_iac.planning.questions.what_if.devices import edit_devices, edit_requests
from rohe_iac.planning.questions.what_if.edit import (
    FIELDS,
    RULES,
    Edit,
    factor,
    nothing_named,
    unknown_field,
    with_dotted_name,
)
from rohe_iac.planning.questions.what_if.names import names_of
from rohe_iac.planning.questions.what_if.rules import (
    edit_flow,
    edit_limit,
    edit_node_rule,
    edit_rule,
    edit_setting,
    microseconds,
)

Item = TypeVar("Item")

ZONE_KEY = "zone"
"""The label with the zone of a node."""

MAX_REPLICAS = 100_000
"""Replicas of one workload that an edit may ask for at most."""

GANG = "gang"
"""The field of a pipeline that says whether it is placed whole or not at all."""

BALANCING = "balancing"
"""The field of a service or stack that says how requests are spread over replicas."""

BALANCINGS = get_args(Balancing)
"""Its values."""

MAX_LOAD = 1e9
"""Requests a second that an edit may offer at most."""


def apply_edits(problem: Problem, edits: Sequence[Edit]) -> Problem:
    """Returns the problem with every edit applied in order, except those for which it is sized anew (`edit_sizing`).

    Raises:
        UsageError: a name, field or value is unknown.
    """
    for typed in edits:
        edit = typed
        if is_of_sizing(edit):
            continue
        if edit.kind in ("node", "zone"):
            if edit.kind == "node":
                names = [[node.name] for node in problem.nodes]
                edit = with_dotted_name(edit, [node.name for node in problem.nodes])
            else:
                names = [[zone for key, zone in node.labels if key == ZONE_KEY] for node in problem.nodes]
            problem = replace(problem, nodes=_edited(problem.nodes, names, edit, _node))
        elif edit.kind == "link":
            names = [[wire.name] for wire in problem.wires]
            problem = replace(problem, wires=_edited(problem.wires, names, edit, _wire))
        elif edit.kind == "service":
            names = [names_of(demand) for demand in problem.demands]
            chosen = tuple(demand for demand in problem.demands if edit.matches(*names_of(demand)))
            if chosen and edit.head == "flow":
                problem = replace(problem, edges=edit_flow(problem.edges, [demand.workload for demand in chosen], edit))
                continue
            problem = replace(problem, demands=_edited(problem.demands, names, edit, _demand))
        elif edit.kind == "pipeline" and edit.field == GANG:
            problem = replace(problem, gangs=_gangs(problem, edit))
        elif edit.kind == "contract":
            problem = replace(problem, promises=edit_limit(problem.promises, edit))
        elif edit.kind == "stack":
            settings = _edited((problem.settings,), [[problem.stack]], edit, edit_setting)[0]
            problem = replace(problem, settings=settings)
    return problem


def _gangs(problem: Problem, edit: Edit) -> tuple[str, ...]:
    """Returns the pipelines that are placed whole or not at all, after an edit that makes some one or none."""
    if (edit.operator, edit.value) not in (("=", "true"), ("=", "false")):
        raise UsageError(f"'{edit}': gang can only be set", hint=f"write {edit.kind}/{edit.name}.gang=true, or =false")
    names = {demand.pipeline for demand in problem.demands if not demand.system}
    chosen = {name for name in names if edit.matches(name)}
    if not chosen:
        raise nothing_named(edit, names)
    gangs = {*problem.gangs} - chosen
    return tuple(sorted(gangs | chosen if edit.value == "true" else gangs))


def is_of_sizing(edit: Edit) -> bool:
    """Checks whether an edit changes what services are sized for: a load, or how requests are spread."""
    return edit.field == BALANCING or (edit.kind == "pipeline" and edit.field != GANG)


def edit_sizing(blueprint: Blueprint, edits: Sequence[Edit]) -> Blueprint:
    """Returns the blueprint with the edits of loads and of how requests are spread applied in order.

    Raises:
        UsageError: a name or value is unknown.
    """
    for edit in edits:
        if not is_of_sizing(edit):
            continue
        pipelines = blueprint.pipelines
        names = [[pipeline.metadata.name] for pipeline in pipelines]
        if edit.kind == "pipeline":
            blueprint = replace(blueprint, pipelines=_edited(pipelines, names, edit, _pipeline))
        elif edit.kind == "stack":
            stack = blueprint.stack
            blueprint = replace(blueprint, stack=_edited((stack,), [[stack.metadata.name]], edit, _stack)[0])
        else:
            blueprint = replace(blueprint, pipelines=_with_balanced_services(pipelines, edit))
    return blueprint


def _stack(stack: Stack, edit: Edit) -> Stack:
    return stack.model_copy(update={"spec": stack.spec.model_copy(update={"balancing": _balancing(edit)})})


def _with_balanced_services(pipelines: tuple[Pipeline, ...], edit: Edit) -> tuple[Pipeline, ...]:
    """Returns the pipelines with the balancing of the services that an edit names set."""
    made: list[Pipeline] = []
    known: list[str] = []
    changed = False
    for pipeline in pipelines:
        services = []
        for service in pipeline.spec.services:
            names = (service.name, f"{pipeline.metadata.name}:{service.name}")
            known += names
            if edit.matches(*names):
                changed = True
                service = service.model_copy(update={"balancing": _balancing(edit)})
            services.append(service)
        spec = pipeline.spec.model_copy(update={"services": tuple(services)})
        made.append(pipeline.model_copy(update={"spec": spec}))
    if not changed:
        raise nothing_named(edit, known)
    return tuple(made)


def _balancing(edit: Edit) -> str:
    if edit.operator != "=" or edit.value not in BALANCINGS:
        raise UsageError(
            f"'{edit}': expected one of {', '.join(BALANCINGS)}",
            hint=f"write {edit.kind}/{edit.name}.balancing={BALANCINGS[-1]}",
        )
    return edit.value


def _edited(
    items: tuple[Item, ...], names: list[list[str]], edit: Edit, change: Callable[[Item, Edit], Item]
) -> tuple[Item, ...]:
    """Returns the items, those with a matching name changed.

    Args:
        names: the names of each item.

    Raises:
        UsageError: no item has a matching name.
    """
    matches = [edit.matches(*item_names) for item_names in names]
    if not any(matches):
        raise nothing_named(edit, (name for item_names in names for name in item_names if name))
    return tuple(change(item, edit) if match else item for item, match in zip(items, matches, strict=True))


def with_new_amounts(problem: Problem, placements: Iterable[Placement]) -> tuple[Placement, ...]:
    """Returns placements of an earlier problem with the amounts of this problem, on the same nodes and cores."""
    demands = {demand.workload: demand for demand in problem.demands}
    exclusive = {(node.name, device.name) for node in problem.nodes for device in node.devices if device.exclusive}
    found = []
    for item in placements:
        demand = demands.get(item.workload)
        if demand is not None:
            chosen = (variant.resources for variant in demand.variants if variant.name == item.variant)
            request = next(chosen, demand.resources)
            shares = {device.type: device.share for device in request.devices if device.share}
            memory = {device.type: device.memory for device in request.devices}
            cores = sorted(item.cores, key=lambda use: (-use.amount, use.core))
            if len(cores) == len(request.cores):
                cores = [CoreUse(use.core, chunk) for use, chunk in zip(cores, request.cores, strict=True)]
            devices = [
                DeviceUse(
                    use.type,
                    use.device,
                    use.amount if use.type not in shares or (item.node, use.device) in exclusive else shares[use.type],
                    memory.get(use.type, 0),
                )
                for use in item.devices
            ]
            item = structs.replace(item, cores=tuple(cores), devices=tuple(devices))
        found.append(item)
    return tuple(found)


def _node(node: Supply, edit: Edit) -> Supply:
    if not edit.field:
        return replace(node, status=edit.value)
    if edit.head in RULES["node"]:
        return edit_node_rule(node, edit)
    if edit.field not in FIELDS["node"]:
        return edit_devices(node, edit)
    if edit.field == "cpu":
        return replace(node, cpu=edit.amount(node.cpu, millicores))
    if edit.field == "rss":
        return replace(node, rss=edit.amount(node.rss, byte_count))
    if edit.field == "vms":
        # A node without a limit can only get a new one; relative edits change nothing.
        limited = node.vms is not None or edit.operator == "="
        return replace(node, vms=edit.amount(node.vms or 0, byte_count)) if limited else node
    if edit.field == "disk":
        limited = node.disk is not None or edit.operator == "="
        return replace(node, disk=edit.amount(node.disk or 0, byte_count)) if limited else node
    if edit.field == "network":
        limited = node.network is not None or edit.operator == "="
        return replace(node, network=edit.amount(node.network or 0, bits_per_second)) if limited else node
    return replace(node, cores=_cores(node.cores, edit))


def _cores(cores: tuple[int, ...], edit: Edit) -> tuple[int, ...]:
    parts = edit.value.split("+")
    if edit.operator == "=" and len(parts) > 1:
        return tuple(replace(edit, value=part).amount(0, millicores) for part in parts)
    return tuple(edit.amount(core, millicores) for core in cores)


def _wire(wire: Wire, edit: Edit) -> Wire:
    if not edit.field:
        return replace(wire, down=True)
    if edit.field == "latency":
        return replace(wire, latency=edit.amount(wire.latency or 0, microseconds))
    limited = wire.bandwidth is not None or edit.operator == "="
    return replace(wire, bandwidth=edit.amount(wire.bandwidth or 0, bits_per_second)) if limited else wire


def _demand(demand: Demand, edit: Edit) -> Demand:
    if edit.field == "replicas":
        if edit.operator == "=" and (edit.value == PER_NODE or edit.value.endswith("%")):
            return with_node_share(demand, _share(edit))
        replicas = edit.amount(demand.replicas, _count, most=MAX_REPLICAS)
        return replace(without_node_count(demand), replicas=replicas)
    if edit.field == "reserve":
        return replace(demand, update_room=edit.amount(demand.update_room, _count, most=MAX_REPLICAS))
    if edit.field == "priority":
        return replace(demand, priority=edit.amount(demand.priority, int, most=1 << 30))
    if edit.head == "variants":
        return _variant(demand, edit)
    if edit.head in RULES["service"]:
        return edit_rule(demand, edit)
    variants = tuple(replace(variant, resources=_resources(variant.resources, edit)) for variant in demand.variants)
    return replace(demand, resources=_resources(demand.resources, edit), variants=variants)


def _variant(demand: Demand, edit: Edit) -> Demand:
    """Returns the demand with an amount of one variant edited: `variants.small.cpu=1`."""
    name, _, field = edit.key.partition(".")
    known = [variant.name for variant in demand.variants]
    if name not in known or field in ("replicas", "priority", "reserve"):
        raise unknown_field(edit, [f"variants.{variant}.cpu" for variant in known])
    inner = replace(edit, field=field)
    return replace(
        demand,
        variants=tuple(
            replace(variant, resources=_resources(variant.resources, inner)) if variant.name == name else variant
            for variant in demand.variants
        ),
    )


def _share(edit: Edit) -> int:
    """Returns the basis points of the nodes that an edit of `replicas` says."""
    try:
        share = node_share(edit.value)
    except ValueError as error:
        raise UsageError(f"'{edit}': {error}") from error
    if not 0 < share <= WHOLE:
        raise UsageError(f"'{edit}': a percentage of the nodes is above 0% and at most 100%")
    return share


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"expected a whole number of replicas, perNode or a percentage, found '{text[:40]}'")
    return int(text[:12])


def _resources(request: Resources, edit: Edit) -> Resources:
    if edit.field == "cpu":
        return replace(request, cpu=edit.amount(request.cpu, millicores))
    if edit.field == "rss":
        return replace(request, rss=edit.amount(request.rss, byte_count))
    if edit.field == "vms":
        return replace(request, vms=edit.amount(request.vms or 0, byte_count))
    if edit.field == "disk":
        return replace(request, disk=edit.amount(request.disk, byte_count))
    if edit.field == "network":
        return replace(request, network=edit.amount(request.network, bits_per_second))
    if edit.field == "cores":
        # A chunk of 0 is left out: `cores=1+0` asks for one core.
        return replace(request, cores=tuple(sorted(filter(None, _cores(request.cores, edit)), reverse=True)))
    return replace(request, devices=edit_requests(request.devices, edit))


def _pipeline(pipeline: Pipeline, edit: Edit) -> Pipeline:
    load = pipeline.spec.load
    if load is None and edit.operator != "=":
        raise UsageError(
            f"'{edit}': the pipeline states no load that could be changed",
            hint=f"write {edit.kind}/{edit.name}.load=20/s",
        )
    try:
        given = factor(edit.value) if edit.operator == "*=" else Fraction(str(per_second(edit.value)))
    except ValueError as error:
        raise UsageError(f"'{edit}': {error}") from error
    present = Fraction(str(load or 0))
    made = {"=": given, "*=": present * given, "+=": present + given, "-=": present - given}[edit.operator]
    if not 0 < made <= MAX_LOAD:
        raise UsageError(f"'{edit}' comes to {float(made):g}/s", hint=f"a load is above 0, at most {MAX_LOAD:g}/s")
    return pipeline.model_copy(update={"spec": pipeline.spec.model_copy(update={"load": float(made)})})
