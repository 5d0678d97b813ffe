"""Rule fixing: ways out of the rules that have no amount, and of those about neighbours and ports."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rohe_iac.planning.model.demand import Affinity
from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.rules.affinity import near_holds
from rohe_iac.planning.placement.state.ledger import Grant
from rohe_iac.planning.questions.what_if.rules import LAST_PORT, service_of
from rohe_iac.planning.questions.why_not.refusal_case import EditSet, EditStep, RefusalCase

SAYABLE = re.compile(r"[^=\s,]+")
"""What an edit can say of a label's key and value."""

MOST_DOMAINS = 8
"""Values of a label that are tried for a node that lacks it."""


def rule_ways(case: RefusalCase) -> Iterator[list[EditSet]]:
    """For each rule that refuses the node its ways out; an empty list where it has none."""
    alone = [_wish(case, owner, rule, "near") for owner, rule, _ in left_without_neighbour(case)]
    for steps in (*_fixed(case), *_spread(case), *_avoid(case), *_near(case), *alone, *_ports(case)):
        yield [(step,) for step in steps]


def _fixed(case: RefusalCase) -> Iterator[list[EditStep]]:
    """Status, labels, taints and architecture."""
    wanted, supply, where, what = case.wanted, case.supply, case.where, case.service
    if supply.name in case.indexed.spare:
        yield [_survive(case, 0)]
    if supply.status != "running":
        yield [EditStep(f"{where}.status running", f"{where}=running", MILLION)]
    labels = dict(supply.labels)
    for key, value in wanted.selector:
        if labels.get(key) != value:
            without = EditStep(f"{what}.nodeSelector without {key}", f"{what}.nodeSelector.{key}=none", MILLION)
            yield [*_label(case, key, value), without]
    kept = {
        taint.key
        for taint in supply.taints
        if taint.effect != "PreferNoSchedule"
        and not any(one.covers(taint.key, taint.value, taint.effect) for one in wanted.tolerations)
    }
    for key in sorted(kept):
        yield [
            EditStep(f"{what}.tolerations with {key}", f"{what}.tolerations.{key}=Exists", MILLION),
            EditStep(f"{where}.taints without {key}", f"{where}.taints.{key}=none", MILLION),
        ]
    if wanted.arch and supply.arch and supply.arch not in wanted.arch:
        yield [EditStep(f"{what}.arch with {supply.arch}", f"{what}.arch+={supply.arch}", MILLION)]


def _label(case: RefusalCase, key: str, value: str) -> list[EditStep]:
    if not SAYABLE.fullmatch(key) or not SAYABLE.fullmatch(value):
        return []
    return [EditStep(f"{case.where}.labels.{key} {value}", f"{case.where}.labels.{key}={value}", MILLION)]


def _labels(case: RefusalCase, key: str) -> list[EditStep]:
    """A value for a label that the node lacks: those that other nodes have."""
    values = sorted({value for node in case.indexed.nodes for name, value in node.labels if name == key})
    return [step for value in values[:MOST_DOMAINS] for step in _label(case, key, value)]


def _spread(case: RefusalCase) -> Iterator[list[EditStep]]:
    indexed, ledger, written = case.indexed, case.ledger, case.written
    for key in sorted({rule.key for rule in case.wanted.spread}):
        domain = indexed.domains[key][case.node]
        without = EditStep(f"{case.service}.spread without {key}", f"{case.service}.spread.{key}=none", MILLION)
        if domain < 0:
            yield [*_labels(case, key), without]
            continue
        count = ledger.counts[case.demand][key][domain]
        limit = min((rule.limit for rule in written.spread if rule.key == key), default=count + 1)
        if count >= limit:
            wider = f"{case.service}.spread.{key}"
            change = (count + 1 - limit) * MILLION // limit
            step = EditStep(f"{wider} maxPerDomain {count + 1}", f"{wider}={count + 1}", change)
            yield [step, *([without] if change > MILLION else [])]
        if any(rule.key == key and rule not in written.spread and count >= rule.limit for rule in case.wanted.spread):
            yield [_survive(case, count)]


def _survive(case: RefusalCase, count: int) -> EditStep:
    """Fewer failures to survive: so few that more than `count` replicas may be on one node."""
    had, replicas = case.indexed.settings.survive, case.wanted.replicas
    fewer = next((one for one in range(had - 1, 0, -1) if count and max(1, (replicas - 1) // one) > count), 0)
    stack = f"stack/{case.indexed.problem.stack}"
    return EditStep(
        f"{stack}.survive down to {fewer}", f"{stack}.survive={fewer}", (had - fewer) * MILLION // max(had, 1)
    )


def _avoid(case: RefusalCase) -> Iterator[list[EditStep]]:
    """A wish in place of a duty, of whoever has it: the service, or one that is in the same domain."""
    indexed, ledger = case.indexed, case.ledger
    mine = [(case.demand, rule) for rule in case.wanted.avoid]
    theirs = [
        (other, rule)
        for other in sorted({other for other, _ in indexed.avoid[case.demand]} - {case.demand})
        for rule in indexed.demands[other].avoid
        if case.wanted.workload in rule.workloads
    ]
    for owner, rule in (*mine, *theirs):
        if not rule.required:
            continue
        domain = indexed.domains[rule.key][case.node]
        if domain < 0:
            if owner == case.demand:
                yield [*_labels(case, rule.key), *_wish(case, owner, rule, "avoid")]
            continue
        others = [indexed.index[name] for name in rule.workloads if name in indexed.index]
        there = others if owner == case.demand else [owner]
        if any(ledger.counts[other][rule.key][domain] for other in there):
            yield _wish(case, owner, rule, "avoid")


def _near(case: RefusalCase) -> Iterator[list[EditStep]]:
    indexed = case.indexed
    for rule in case.wanted.near:
        others = tuple(indexed.index[name] for name in rule.workloads if name in indexed.index)
        if rule.required and not near_holds(indexed, case.ledger, case.demand, others, rule.key, case.node):
            lacks = rule.key != NODE_KEY and indexed.domains[rule.key][case.node] < 0
            yield [*(_labels(case, rule.key) if lacks else []), *_wish(case, case.demand, rule, "near")]


def wishes(case: RefusalCase) -> Iterator[EditStep]:
    """A wish in place of each duty of the service, and of each duty of others about it."""
    for owner, demand in enumerate(case.indexed.demands):
        for word, rules in (("near", demand.near), ("avoid", demand.avoid)):
            for rule in rules:
                if rule.required and (owner == case.demand or case.wanted.workload in rule.workloads):
                    yield from _wish(case, owner, rule, word)


def left_without_neighbour(case: RefusalCase) -> list[tuple[int, Affinity, int]]:
    """Who has to be near the replica where it is and not where it would go: its rule, and a node where it stands."""
    indexed, ledger, mine = case.indexed, case.ledger, case.wanted.workload
    if not any(indexed.near):
        return []
    grant = Grant(case.demand, case.node)
    ledger.book(grant)
    found = []
    for owner, demand in enumerate(indexed.demands):
        for rule in demand.near:
            others = tuple(indexed.index[name] for name in rule.workloads if name in indexed.index)
            if owner == case.demand or not rule.required or mine not in rule.workloads:
                continue
            nodes = sorted(ledger.placed[owner])
            lonely = [
                one for one in nodes if not near_holds(indexed, ledger, owner, others, rule.key, one, stands=True)
            ]
            found += [(owner, rule, node) for node in lonely[:1]]
    ledger.release(grant)
    return found


def _wish(case: RefusalCase, owner: int, rule: Affinity, word: str) -> list[EditStep]:
    what, pipeline = case.named(owner), case.indexed.demands[owner].pipeline
    others = sorted({service_of(other, pipeline) for other in rule.workloads})
    if len(others) != 1:
        return []
    field = f"{what}.{word}.{others[0]}"
    return [EditStep(f"{field} not required", f"{field}=preferred", MILLION)]


def _ports(case: RefusalCase) -> Iterator[list[EditStep]]:
    """Host ports that are taken are given up; a range that is used up goes further."""
    ledger, taken = case.ledger, case.ledger.ports[case.node]
    mine = [(port.name, (port.host, port.protocol)) for port in case.wanted.ports if port.host]
    seen = set()
    for name, port in mine:
        if port in taken or port in seen:
            field = f"{case.service}.ports.{name}"
            yield [EditStep(f"{field} without a host port", f"{field}=none", MILLION)]
        seen.add(port)
    lacking = case.indexed.numbered[case.demand] - ledger.numbers
    if lacking > 0 and case.indexed.settings.ports is not None:
        first, last = case.indexed.settings.ports
        fixed = {number for ports in case.indexed.host_ports for number, _ in ports}
        end = last
        while lacking and end < LAST_PORT:
            end += 1
            lacking -= end not in fixed
        field, change = f"stack/{case.indexed.problem.stack}.ports", (end - last) * MILLION // (last - first + 1)
        yield [EditStep(f"{field} up to {first}-{end}", f"{field}={first}-{end}", change)] if not lacking else []
