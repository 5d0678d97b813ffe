"""What-if edits of what rules ask about: labels, taints, selectors, spread, neighbours, ports, flows, limits.

| thing | fields |
|---|---|
| `node/NAME` | `.labels.KEY=VALUE`, `=none` removes it; `.taints.KEY=none`, `=NoSchedule` |
| `service/NAME` | `.nodeSelector.KEY=VALUE`, `=none`; `.tolerations.KEY=Exists`, `=none`; `.arch=arm64`, `+=`, `=any`; `.spread.KEY=2`, `=none`; `.skew.KEY=1`, `=none`; `.prefer.KEY=VALUE`, `=none`; `.avoid.SERVICE=preferred`, `=required`, `=none`; `.near.SERVICE` the same; `.ports.NAME=8080`, `=none`; `.flow.SERVICE.latency` `.flow.SERVICE.bandwidth`; `.flow.SERVICE.within=zone`, `=none` |
| `contract/NAME` | `.OBJECTIVE=1500ms` |
| `stack/NAME` | `.survive=0`; `.survive.zones=0`; `.ports=24000-24200` |
"""  # noqa: E501 - a row of a table

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from fractions import Fraction

from rohe_iac.blueprint.hints.nearest import did_you_mean
from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.quantities import bits_per_second, seconds
from rohe_iac.planning.model.demand import (
    AffinityRule,
    Demand,
    Edge,
    LabelMatch,
    NodePreference,
    PortRequest,
    SkewRule,
    SpreadRule,
    TolerationRule,
)
from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.problem import Settings
from rohe_iac.planning.model.promise import ResponseTimeLimit
from rohe_iac.planning.model.supply import NodeTaint, Supply
from rohe_iac.planning.questions.what_if.edit import FIELDS, RULES, Edit, nothing_named, unknown_field

NONE = "none"
"""The value that removes a rule."""

EFFECTS = ("NoSchedule", "NoExecute", "PreferNoSchedule")


LAST_PORT = 65_535


def edit_node_rule(node: Supply, edit: Edit) -> Supply:
    """Returns the node with a label or taint edited; raises UsageError where the edit is none."""
    key = _key(edit)
    if edit.head == "labels":
        return replace(node, labels=_with(node.labels, key, edit.value))
    _require_value(edit, (NONE, *EFFECTS))
    taints = [taint for taint in node.taints if taint.key != key]
    taints += [] if edit.value == NONE else [NodeTaint(key, "", edit.value)]
    return replace(node, taints=tuple(sorted(taints, key=lambda taint: (taint.key, taint.value, taint.effect))))


def _with(pairs: tuple[tuple[str, str], ...], key: str, value: str) -> tuple[tuple[str, str], ...]:
    """Returns the labels with one of them set or removed."""
    rest = [pair for pair in pairs if pair[0] != key]
    return tuple(sorted(rest if value == NONE else [*rest, (key, value)]))


def edit_rule(demand: Demand, edit: Edit) -> Demand:
    """Returns the service with one of its rules edited; raises UsageError where the edit is none."""
    if edit.head == "arch":
        return replace(demand, arch=_arch(demand, edit))
    key = _key(edit)
    if edit.head == "nodeSelector":
        return _select(demand, key, edit.value)
    if edit.head == "tolerations":
        _require_value(edit, (NONE, "Exists"))
        tolerations = tuple(toleration for toleration in demand.tolerations if toleration.key != key)
        tolerations += () if edit.value == NONE else (TolerationRule(key, "Exists"),)
        return replace(demand, tolerations=tolerations)
    if edit.head == "spread":
        kept = tuple(rule for rule in demand.spread if rule.key != key)
        limit = 0 if edit.value == NONE else edit.amount(0, _number)
        return replace(demand, spread=(*kept, SpreadRule(key, limit)) if limit else kept)
    if edit.head == "skew":
        rest = tuple(rule for rule in demand.skews if rule.key != key)
        most = 0 if edit.value == NONE else edit.amount(0, _number)
        return replace(demand, skews=(*rest, SkewRule(key, most)) if most else rest)
    if edit.head == "prefer":
        others = tuple(rule for rule in demand.prefers if rule.keys != {key})
        if edit.value == NONE:
            return replace(demand, prefers=others)
        by_name = (LabelMatch(key, "In", (edit.value,)),) if key == NODE_KEY else ()
        chosen = NodePreference(() if by_name else ((key, edit.value),), matches=by_name)
        return replace(demand, prefers=(*others, chosen))
    if edit.head == "ports":
        return replace(demand, ports=_ports(demand, edit, key))
    if edit.head == "avoid":
        return replace(demand, avoid=_affinities(demand.avoid, edit, key, demand.pipeline))
    return replace(demand, near=_affinities(demand.near, edit, key, demand.pipeline))


def _select(demand: Demand, key: str, value: str) -> Demand:
    """Returns the demand with all that it asks of a label replaced by one value, or removed."""
    matches = tuple(match for match in demand.matches if match.key != key)
    if key == NODE_KEY:
        named = () if value == NONE else (LabelMatch(key, "In", (value,)),)
        return replace(demand, matches=tuple(sorted((*matches, *named), key=lambda match: match.key)))
    return replace(demand, matches=matches, selector=_with(demand.selector, key, value))


def edit_flow(edges: tuple[Edge, ...], sources: Collection[str], edit: Edit) -> tuple[Edge, ...]:
    """Returns the flows with latency, bandwidth or within edited for those from `sources` to `flow.SERVICE`.

    Raises:
        UsageError: no flow goes there, or the field is unknown.
    """
    name, _, field = edit.key.rpartition(".")
    outgoing = [edge for edge in edges if edge.source in sources]
    chosen = {edge for edge in outgoing if name in _short_names(edge.sink)}
    if not chosen or field not in ("latency", "bandwidth", "within"):
        raise unknown_field(edit, sorted({f"flow.{_short_names(edge.sink)[0]}.latency" for edge in outgoing}))
    found = []
    for edge in edges:
        if edge in chosen and field == "latency":
            edge = replace(edge, latency=edit.amount(edge.latency or 0, microseconds))
        elif edge in chosen and field == "within":
            if edit.operator != "=" or not edit.value:
                raise UsageError(f"'{edit}': within can only be set", hint="use =node, =zone, another label, or =none")
            edge = replace(edge, within="" if edit.value == NONE else edit.value)
        elif edge in chosen:
            edge = replace(edge, bandwidth=edit.amount(edge.bandwidth or 0, bits_per_second))
        found.append(edge)
    return tuple(found)


def edit_limit(promises: tuple[ResponseTimeLimit, ...], edit: Edit) -> tuple[ResponseTimeLimit, ...]:
    """Returns the limits with that of a contract's objective edited.

    Raises:
        UsageError: no contract or objective has the name.
    """
    contracts = {limit.objective.partition("/")[0] for limit in promises}
    matching = {contract for contract in contracts if edit.matches(contract)}
    if not matching:
        raise nothing_named(edit, contracts)
    parts = [limit.objective.partition("/") for limit in promises]
    names = {objective for contract, _, objective in parts if contract in matching}
    if edit.field not in names:
        raise unknown_field(edit, sorted(names))
    chosen = {f"{contract}/{edit.field}" for contract in matching}
    return tuple(
        replace(limit, limit=edit.amount(limit.limit, microseconds)) if limit.objective in chosen else limit
        for limit in promises
    )


def edit_setting(settings: Settings, edit: Edit) -> Settings:
    """Returns the settings with the failures to survive, or the range of ports, edited.

    Raises:
        UsageError: the value is none, or the target assigns no ports.
    """
    if edit.field == "survive":
        return replace(settings, survive=edit.amount(settings.survive, _number, most=1000))
    if edit.field == "survive.zones":
        return replace(settings, survive_zones=edit.amount(settings.survive_zones, _number, most=1000))
    found = re.fullmatch(r"(\d{1,5})-(\d{1,5})", edit.value)
    first, last = (int(found[1]), int(found[2])) if found else (0, 0)
    if edit.operator != "=" or not 0 < first <= last <= LAST_PORT:
        raise UsageError(f"'{edit}': expected a range of ports such as 42000-42099")
    if settings.ports is None:
        raise UsageError(f"'{edit}': the stack's target assigns no ports from a range")
    return replace(settings, ports=(first, last))


def microseconds(text: str) -> int:
    """Parses a time such as 250ms into microseconds; raises ValueError where the text is none."""
    return round(Fraction(str(seconds(text))) * 1_000_000)


def service_of(workload: str, pipeline: str) -> str:
    """Returns the service of a workload's address as its pipeline names it: `detect`, `other:detect`."""
    name = workload.partition("/")[2].partition("/")[0]
    return name.removeprefix(f"{pipeline}:") if pipeline else name


def _key(edit: Edit) -> str:
    if not edit.key:
        raise UsageError(f"'{edit}': {edit.head} needs a name", hint=f"write {edit.kind}/{edit.name}.{edit.head}.NAME=")
    if edit.operator != "=" and edit.head not in ("spread", "skew"):
        raise UsageError(f"'{edit}': {edit.head} can only be set", hint="use =")
    return edit.key


def _require_value(edit: Edit, words: tuple[str, ...]) -> None:
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
        raise unknown_field(edit, (*FIELDS["service"], *RULES["service"], *(f"ports.{port}" for port in known)))
    host = 0 if edit.value == NONE else edit.amount(0, _number, most=LAST_PORT)
    return tuple(replace(port, host=host) if port.name == name else port for port in demand.ports)


def _affinities(rules: tuple[AffinityRule, ...], edit: Edit, name: str, pipeline: str) -> tuple[AffinityRule, ...]:
    """Returns the rules with those about a service made preferred or required, or removed."""
    chosen = [rule for rule in rules if name in {service_of(other, pipeline) for other in rule.workloads}]
    if not chosen:
        known = sorted({service_of(other, pipeline) for rule in rules for other in rule.workloads})
        raise unknown_field(edit, [f"{edit.head}.{service}" for service in known])
    _require_value(edit, (NONE, "preferred", "required"))
    found = [
        replace(rule, required=edit.value == "required") if rule in chosen else rule
        for rule in rules
        if rule not in chosen or edit.value != NONE
    ]
    return tuple(found)


def _short_names(workload: str) -> tuple[str, str, str]:
    """Returns `detect`, `detect/small`, `cctvs:detect/small` for `service/cctvs:detect/small`."""
    whole = workload.partition("/")[2]
    tail = whole.rpartition(":")[2]
    return tail.partition("/")[0], tail, whole


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"expected a whole number, found '{text[:40]}'")
    return int(text[:12])
