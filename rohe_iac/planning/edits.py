"""Edits: small changes of a problem, as people type them: `node/jetson-1=down,link/4g.latency*=3`.

| what | fields |
|---|---|
| `node/NAME` | the status alone (`=running`, `=cordoned`, `=down`), or `.cpu` `.rss` `.vms` `.cores` |
| `link/NAME` | `.latency` `.bandwidth`; the wire is cut by `=down` |
| `service/NAME` | `.replicas` `.priority` `.cpu` `.rss` `.vms` `.cores` |

Operators are `=`, `*=`, `+=` and `-=`; amounts are written as in a blueprint, factors are plain numbers. `cores` scales
or sets every core.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.quantities import bits_per_second, byte_count, millicores, seconds
from rohe_iac.planning.demand import Demand, Resources
from rohe_iac.planning.problem import Problem
from rohe_iac.planning.supply import Supply, Wire

_PATTERN = re.compile(r"(node|link|service)/([a-z0-9:/-]+?)(?:\.([a-zA-Z]+))?\s*([*+-]?=)\s*(\S+)")
Thing = TypeVar("Thing")
STATUSES = ("running", "cordoned", "down")


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: of which kind and name, which field (empty: the status), by which operator and value."""

    kind: str
    name: str
    field: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}{'.' + self.field if self.field else ''}{self.operator}{self.value}"


def parse_edits(text: str) -> tuple[Edit, ...]:
    """The edits of a comma-separated line. Errors: UsageError."""
    found = []
    for part in (one.strip() for one in text.split(",")):
        match = _PATTERN.fullmatch(part)
        if match is None:
            raise UsageError(
                f"'{part}' is not an edit", hint="write KIND/NAME=STATUS or KIND/NAME.FIELD=VALUE, with =, *=, += or -="
            )
        found.append(Edit(match[1], match[2], match[3] or "", match[4], match[5]))
    return tuple(found)


def apply_edits(problem: Problem, edits: tuple[Edit, ...]) -> Problem:
    """The problem with every edit made, in order. Errors: UsageError where a name, field or value is unknown."""
    for edit in edits:
        if edit.kind == "node":
            nodes = _changed(problem.nodes, lambda one: one.name == edit.name, edit, _node)  # noqa: B023
            problem = replace(problem, nodes=nodes)
        elif edit.kind == "link":
            wires = _changed(problem.wires, lambda one: one.name == edit.name, edit, _wire)  # noqa: B023
            problem = replace(problem, wires=wires)
        else:
            chosen = demands_named(problem, edit.name)
            demands = _changed(problem.demands, lambda one: one in chosen, edit, _demand)  # noqa: B023
            problem = replace(problem, demands=demands)
    return problem


def demands_named(problem: Problem, name: str) -> tuple[Demand, ...]:
    """The demands of a service as people name it: `classify`, `classify/svm`, `digits:classify`."""
    return tuple(
        demand
        for demand in problem.demands
        if name in (demand.service, f"{demand.pipeline}:{demand.service}", demand.workload.partition("/")[2])
        or name == f"{demand.service}/{demand.member}"
    )


def _changed(
    things: tuple[Thing, ...],
    chosen: Callable[[Thing], bool],
    edit: Edit,
    change: Callable[[Thing, Edit], Thing | None],
) -> tuple[Thing, ...]:
    if not any(chosen(thing) for thing in things):
        raise UsageError(f"the stack has no {edit.kind}/{edit.name}", hint="`rohe show` lists what there is")
    found = [change(thing, edit) if chosen(thing) else thing for thing in things]
    return tuple(thing for thing in found if thing is not None)


def _node(node: Supply, edit: Edit) -> Supply:
    if not edit.field:
        if edit.operator != "=" or edit.value not in STATUSES:
            raise UsageError(f"'{edit}': a node is {', '.join(STATUSES)}")
        return replace(node, status=edit.value)
    if edit.field == "cpu":
        return replace(node, cpu=_amount(node.cpu, edit, millicores))
    if edit.field == "rss":
        return replace(node, rss=_amount(node.rss, edit, byte_count))
    if edit.field == "vms":
        return replace(node, vms=_amount(node.vms or 0, edit, byte_count))
    if edit.field == "cores":
        return replace(node, cores=tuple(_amount(core, edit, millicores) for core in node.cores))
    raise UsageError(f"'{edit}': a node has no field {edit.field}", hint="fields: cpu, rss, vms, cores")


def _wire(wire: Wire, edit: Edit) -> Wire | None:
    if not edit.field:
        if edit.operator != "=" or edit.value != "down":
            raise UsageError(f"'{edit}': a link can only be down")
        return None
    if edit.field == "latency":
        return replace(wire, latency=_amount(wire.latency or 0, edit, lambda text: round(seconds(text) * 1_000_000)))
    if edit.field == "bandwidth":
        return replace(wire, bandwidth=_amount(wire.bandwidth or 0, edit, bits_per_second))
    raise UsageError(f"'{edit}': a link has no field {edit.field}", hint="fields: latency, bandwidth")


def _demand(demand: Demand, edit: Edit) -> Demand:
    if edit.field == "replicas":
        return replace(demand, replicas=_amount(demand.replicas, edit, int))
    if edit.field == "priority":
        return replace(demand, priority=_amount(demand.priority, edit, int))
    resources = _resources(demand.resources, edit)
    variants = tuple(replace(one, resources=_resources(one.resources, edit)) for one in demand.variants)
    return replace(demand, resources=resources, variants=variants)


def _resources(asked: Resources, edit: Edit) -> Resources:
    if edit.field == "cpu":
        return replace(asked, cpu=_amount(asked.cpu, edit, millicores))
    if edit.field == "rss":
        return replace(asked, rss=_amount(asked.rss, edit, byte_count))
    if edit.field == "vms":
        return replace(asked, vms=_amount(asked.vms or 0, edit, byte_count))
    if edit.field == "cores":
        chunks = (_amount(chunk, edit, millicores) for chunk in asked.cores)
        return replace(asked, cores=tuple(sorted(chunks, reverse=True)))
    raise UsageError(
        f"'{edit}': a service has no field {edit.field or 'of that kind'}",
        hint="fields: replicas, priority, cpu, rss, vms, cores",
    )


def _amount(present: int, edit: Edit, reader: Callable[[str], int]) -> int:
    try:
        if edit.operator == "*=":
            return max(0, round(present * Fraction(edit.value)))
        value = reader(edit.value)
    except (ValueError, ZeroDivisionError) as error:
        raise UsageError(f"'{edit}': {error}") from error
    return {"=": value, "+=": present + value, "-=": max(0, present - value)}[edit.operator]
