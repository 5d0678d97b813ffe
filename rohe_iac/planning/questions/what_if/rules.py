"""Rule editing: what-if edits of what rules ask about.

| thing | fields |
|---|---|
| `node/NAME` | `.labels.KEY=VALUE`, `=none` takes it away; `.taints.KEY=none`, `=NoSchedule` |
| `service/NAME` | `.nodeSelector.KEY=VALUE`, `=none`; `.tolerations.KEY=Exists`, `=none`; `.arch=arm64`, `+=`, `=any`; `.spread.KEY=2`, `=none`; `.avoid.SERVICE=preferred`, `=required`, `=none`; `.near.SERVICE` the same; `.ports.NAME=8080`, `=none`; `.flow.SERVICE.latency` `.flow.SERVICE.bandwidth` |
| `contract/NAME` | `.OBJECTIVE=1500ms` |
| `stack/NAME` | `.survive=0`; `.ports=24000-24200` |
"""  # noqa: E501 - a row of a table

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from fractions import Fraction

from rohe_iac.blueprint.hints.nearest import did_you_mean
from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.quantities import bits_per_second, seconds
from rohe_iac.planning.model.demand import Affinity, Demand, Edge, PortRequest, Spread, Toleration
from rohe_iac.planning.model.problem import Settings
from rohe_iac.planning.model.promise import ResponseTimeLimit
from rohe_iac.planning.model.supply import Supply, Taint
from rohe_iac.planning.questions.what_if.edit import FIELDS, RULES, Edit, nothing_named, unknown_field

NONE = "none"
"""Takes a rule away."""

EFFECTS = ("NoSchedule", "NoExecute", "PreferNoSchedule")


LAST_PORT = 65_535


def edit_node_rule(node: Supply, edit: Edit) -> Supply:
    """The node with a label or a taint edited. Errors: UsageError."""
    key = _key(edit)
    if edit.head == "labels":
        return replace(node, labels=_with(node.labels, key, edit.value))
    _one_of(edit, (NONE, *EFFECTS))
    taints = [one for one in node.taints if one.key != key]
    taints += [] if edit.value == NONE else [Taint(key, "", edit.value)]
    return replace(node, taints=tuple(sorted(taints, key=lambda one: (one.key, one.value, one.effect))))


def _with(pairs: tuple[tuple[str, str], ...], key: str, value: str) -> tuple[tuple[str, str], ...]:
    """Labels with one of them set, or taken away."""
    rest = [pair for pair in pairs if pair[0] != key]
    return tuple(sorted(rest if value == NONE else [*rest, (key, value)]))


def edit_rule(demand: Demand, edit: Edit) -> Demand:
    """The service with one of its rules edited. Errors: UsageError."""
    if edit.head == "arch":
        return replace(demand, arch=_arch(demand, edit))
    key = _key(edit)
    if edit.head == "nodeSelector":
        return replace(demand, selector=_with(demand.selector, key, edit.value))
    if edit.head == "tolerations":
        _one_of(edit, (NONE, "Exists"))
        rest = tuple(one for one in demand.tolerations if one.key != key)
        return replace(demand, tolerations=rest if edit.value == NONE else (*rest, Toleration(key, "Exists")))
    if edit.head == "spread":
        rest_ = tuple(one for one in demand.spread if one.key != key)
        limit = 0 if edit.value == NONE else edit.amount(0, _number)
        return replace(demand, spread=(*rest_, Spread(key, limit)) if limit else rest_)
    if edit.head == "ports":
        return replace(demand, ports=_ports(demand, edit, key))
    if edit.head == "avoid":
        return replace(demand, avoid=_affinities(demand.avoid, edit, key, demand.pipeline))
    return replace(demand, near=_affinities(demand.near, edit, key, demand.pipeline))


def edit_flow(edges: tuple[Edge, ...], sources: Collection[str], edit: Edit) -> tuple[Edge, ...]:
    """The flows with what those from the sources to `flow.SERVICE` ask for edited. Errors: UsageError."""
    name, _, field = edit.key.rpartition(".")
    mine = [one for one in edges if one.source in sources]
    chosen = {one for one in mine if name in _short_names(one.sink)}
    if not chosen or field not in ("latency", "bandwidth"):
        raise unknown_field(edit, sorted({f"flow.{_short_names(one.sink)[0]}.latency" for one in mine}))
    found = []
    for one in edges:
        if one in chosen and field == "latency":
            one = replace(one, latency=edit.amount(one.latency or 0, microseconds))
        elif one in chosen:
            one = replace(one, bandwidth=edit.amount(one.bandwidth or 0, bits_per_second))
        found.append(one)
    return tuple(found)


def edit_limit(promises: tuple[ResponseTimeLimit, ...], edit: Edit) -> tuple[ResponseTimeLimit, ...]:
    """The promises with the limit of a contract's objective edited. Errors: UsageError."""
    contracts = {one.objective.partition("/")[0] for one in promises}
    mine = {one for one in contracts if edit.matches(one)}
    if not mine:
        raise nothing_named(edit, contracts)
    names = {one.objective.partition("/")[2] for one in promises if one.objective.partition("/")[0] in mine}
    if edit.field not in names:
        raise unknown_field(edit, sorted(names))
    chosen = {f"{contract}/{edit.field}" for contract in mine}
    return tuple(
        replace(one, limit=edit.amount(one.limit, microseconds)) if one.objective in chosen else one for one in promises
    )


def edit_setting(settings: Settings, edit: Edit) -> Settings:
    """The settings with the failures to survive, or the range of ports, edited. Errors: UsageError."""
    if edit.field == "survive":
        return replace(settings, survive=edit.amount(settings.survive, _number, most=1000))
    found = re.fullmatch(r"(\d{1,5})-(\d{1,5})", edit.value)
    first, last = (int(found[1]), int(found[2])) if found else (0, 0)
    if edit.operator != "=" or not 0 < first <= last <= LAST_PORT:
        raise UsageError(f"'{edit}': expected a range of ports such as 42000-42099")
    if settings.ports is None:
        raise UsageError(f"'{edit}': the stack's target gives no ports out of a range")
    return replace(settings, ports=(first, last))


def microseconds(text: str) -> int:
    """A time such as 250ms in microseconds. ValueError where it is none."""
    return round(Fraction(str(seconds(text))) * 1_000_000)


def service_of(workload: str, pipeline: str) -> str:
    """The service of a workload's address as another of the pipeline names it: `detect`, `other:detect`."""
    name = workload.partition("/")[2].partition("/")[0]
    return name.removeprefix(f"{pipeline}:") if pipeline else name


def _key(edit: Edit) -> str:
    if not edit.key:
        raise UsageError(
            f"'{edit}': {edit.head} of which name?", hint=f"write {edit.kind}/{edit.name}.{edit.head}.NAME="
        )
    if edit.operator != "=" and edit.head != "spread":
        raise UsageError(f"'{edit}': {edit.head} can only be set", hint="use =")
    return edit.key


def _one_of(edit: Edit, words: tuple[str, ...]) -> None:
    if edit.value not in words:
        raise UsageError(f"'{edit}': {edit.head} cannot be made '{edit.value}'", hint=did_you_mean(edit.value, words))


def _arch(demand: Demand, edit: Edit) -> tuple[str, ...]:
    named = tuple(sorted(set(edit.value.split("+"))))
    if edit.key or edit.operator not in ("=", "+=") or "" in named:
        raise UsageError(f"'{edit}': arch can be set or added to", hint=f"write service/{edit.name}.arch=arm64+amd64")
    if edit.operator == "+=":
        return tuple(sorted({*demand.arch, *named})) if demand.arch else ()
    return () if named == ("any",) else named


def _ports(demand: Demand, edit: Edit, name: str) -> tuple[PortRequest, ...]:
    known = [port.name for port in demand.ports]
    if name not in known:
        raise unknown_field(edit, (*FIELDS["service"], *RULES["service"], *(f"ports.{one}" for one in known)))
    host = 0 if edit.value == NONE else edit.amount(0, _number, most=LAST_PORT)
    return tuple(replace(port, host=host) if port.name == name else port for port in demand.ports)


def _affinities(rules: tuple[Affinity, ...], edit: Edit, name: str, pipeline: str) -> tuple[Affinity, ...]:
    """Rules about a service, all of that name, made wishes or duties, or taken away."""
    mine = [one for one in rules if name in {service_of(other, pipeline) for other in one.workloads}]
    if not mine:
        known = sorted({service_of(other, pipeline) for one in rules for other in one.workloads})
        raise unknown_field(edit, [f"{edit.head}.{one}" for one in known])
    _one_of(edit, (NONE, "preferred", "required"))
    found = [
        replace(one, required=edit.value == "required") if one in mine else one
        for one in rules
        if one not in mine or edit.value != NONE
    ]
    return tuple(found)


def _short_names(workload: str) -> tuple[str, str, str]:
    """`detect`, `detect/small`, `cctvs:detect/small` of `service/cctvs:detect/small`."""
    whole = workload.partition("/")[2]
    tail = whole.rpartition(":")[2]
    return tail.partition("/")[0], tail, whole


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"expected a whole number, found '{text[:40]}'")
    return int(text[:12])
