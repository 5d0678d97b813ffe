"""Editing: edits made in a problem, or in the blueprint where it takes a blueprint to tell what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TypeVar

from msgspec import structs

from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.quantities import bits_per_second, byte_count, millicores, per_second
from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.plan import CoreUse, DeviceUse, Placement
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply, Wire
from rohe_iac.planning.questions.what_if.devices import edit_devices, edit_requests
from rohe_iac.planning.questions.what_if.edit import FIELDS, RULES, Edit, factor, nothing_named, unknown_field
from rohe_iac.planning.questions.what_if.names import names_of
from rohe_iac.planning.questions.what_if.rules import (
    edit_flow,
    edit_limit,
    edit_node_rule,
    edit_rule,
    edit_setting,
    microseconds,
)

Thing = TypeVar("Thing")

ZONE_KEY = "zone"
"""The label that says where a node is."""

MOST_REPLICAS = 100_000
"""Replicas of one workload that an edit may ask for."""

MOST_LOAD = 1e9
"""Requests a second that an edit may offer."""


def apply_edits(problem: Problem, edits: Sequence[Edit]) -> Problem:
    """The problem with every edit made, in order, but for those of pipelines.

    Errors: UsageError where a name, field or value is unknown.
    """
    for edit in edits:
        if edit.kind in ("node", "zone"):
            if edit.kind == "node":
                names = [[node.name] for node in problem.nodes]
            else:
                names = [[zone for key, zone in node.labels if key == ZONE_KEY] for node in problem.nodes]
            problem = replace(problem, nodes=_changed(problem.nodes, names, edit, _node))
        elif edit.kind == "link":
            names = [[wire.name] for wire in problem.wires]
            problem = replace(problem, wires=_changed(problem.wires, names, edit, _wire))
        elif edit.kind == "service":
            names = [names_of(demand) for demand in problem.demands]
            chosen = tuple(demand for demand in problem.demands if edit.matches(*names_of(demand)))
            if chosen and edit.head == "flow":
                problem = replace(problem, edges=edit_flow(problem.edges, [one.workload for one in chosen], edit))
                continue
            problem = replace(problem, demands=_changed(problem.demands, names, edit, _demand))
        elif edit.kind == "contract":
            problem = replace(problem, promises=edit_limit(problem.promises, edit))
        elif edit.kind == "stack":
            settings = _changed((problem.settings,), [[problem.stack]], edit, edit_setting)[0]
            problem = replace(problem, settings=settings)
    return problem


def edit_loads(blueprint: Blueprint, edits: Sequence[Edit]) -> Blueprint:
    """The blueprint with the edits of pipelines made, in order.

    Errors: UsageError where a name or value is unknown.
    """
    pipelines = blueprint.pipelines
    for edit in edits:
        if edit.kind == "pipeline":
            pipelines = _changed(pipelines, [[one.metadata.name] for one in pipelines], edit, _pipeline)
    return replace(blueprint, pipelines=pipelines)


def _changed(
    things: tuple[Thing, ...], names: list[list[str]], edit: Edit, change: Callable[[Thing, Edit], Thing]
) -> tuple[Thing, ...]:
    chosen = [edit.matches(*one) for one in names]
    if not any(chosen):
        raise nothing_named(edit, (name for one in names for name in one if name))
    return tuple(change(thing, edit) if meant else thing for thing, meant in zip(things, chosen, strict=True))


def with_new_amounts(problem: Problem, placements: Iterable[Placement]) -> tuple[Placement, ...]:
    """Placements of an earlier problem with the amounts that this one asks for, on the nodes and cores as they are."""
    demands = {demand.workload: demand for demand in problem.demands}
    exclusive = {(node.name, one.name) for node in problem.nodes for one in node.devices if one.exclusive}
    found = []
    for item in placements:
        demand = demands.get(item.workload)
        if demand is not None:
            asked = next((one.resources for one in demand.variants if one.name == item.variant), demand.resources)
            shares = {one.type: one.share for one in asked.devices if one.share}
            cores = sorted(item.cores, key=lambda use: (-use.amount, use.core))
            if len(cores) == len(asked.cores):
                cores = [CoreUse(use.core, chunk) for use, chunk in zip(cores, asked.cores, strict=True)]
            devices = [
                use
                if use.type not in shares or (item.node, use.device) in exclusive
                else DeviceUse(use.type, use.device, shares[use.type])
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
        # Where nothing limits it, only a new limit changes anything.
        limited = node.vms is not None or edit.operator == "="
        return replace(node, vms=edit.amount(node.vms or 0, byte_count)) if limited else node
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
        return replace(demand, replicas=edit.amount(demand.replicas, _count, most=MOST_REPLICAS))
    if edit.field == "priority":
        return replace(demand, priority=edit.amount(demand.priority, int, most=1 << 30))
    if edit.head == "variants":
        return _variant(demand, edit)
    if edit.head in RULES["service"]:
        return edit_rule(demand, edit)
    variants = tuple(replace(one, resources=_resources(one.resources, edit)) for one in demand.variants)
    return replace(demand, resources=_resources(demand.resources, edit), variants=variants)


def _variant(demand: Demand, edit: Edit) -> Demand:
    """Of one variant alone: `variants.small.cpu=1`."""
    name, _, field = edit.key.partition(".")
    known = [one.name for one in demand.variants]
    if name not in known or field in ("replicas", "priority"):
        raise unknown_field(edit, [f"variants.{one}.cpu" for one in known])
    inner = replace(edit, field=field)
    return replace(
        demand,
        variants=tuple(
            replace(one, resources=_resources(one.resources, inner)) if one.name == name else one
            for one in demand.variants
        ),
    )


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"expected a whole number of replicas, found '{text[:40]}'")
    return int(text[:12])


def _resources(asked: Resources, edit: Edit) -> Resources:
    if edit.field == "cpu":
        return replace(asked, cpu=edit.amount(asked.cpu, millicores))
    if edit.field == "rss":
        return replace(asked, rss=edit.amount(asked.rss, byte_count))
    if edit.field == "vms":
        return replace(asked, vms=edit.amount(asked.vms or 0, byte_count))
    if edit.field == "cores":
        # A chunk of nothing is none: `cores=1+0` asks for one core.
        return replace(asked, cores=tuple(sorted(filter(None, _cores(asked.cores, edit)), reverse=True)))
    return replace(asked, devices=edit_requests(asked.devices, edit))


def _pipeline(pipeline: Pipeline, edit: Edit) -> Pipeline:
    load = pipeline.spec.load
    if load is None and edit.operator != "=":
        raise UsageError(
            f"'{edit}': the pipeline tells no load that could be changed",
            hint=f"write {edit.kind}/{edit.name}.load=20/s",
        )
    try:
        given = factor(edit.value) if edit.operator == "*=" else Fraction(str(per_second(edit.value)))
    except ValueError as error:
        raise UsageError(f"'{edit}': {error}") from error
    had = Fraction(str(load or 0))
    made = {"=": given, "*=": had * given, "+=": had + given, "-=": had - given}[edit.operator]
    if not 0 < made <= MOST_LOAD:
        raise UsageError(f"'{edit}' comes to {float(made):g}/s", hint=f"a load is above 0, at most {MOST_LOAD:g}/s")
    return pipeline.model_copy(update={"spec": pipeline.spec.model_copy(update={"load": float(made)})})
