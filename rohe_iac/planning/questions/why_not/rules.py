"""Edits of rules that have no amount: status, labels, taints, architecture, spread, neighbours and ports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from rohe_iac.planning.model.demand import AffinityRule, LabelMatch, LocalFlowRule
from rohe_iac.planning.model.eligibility import unmet_matches, untolerated_taints
from rohe_iac.planning.model.keys import FAILURE_ZONE_KEY, NODE_KEY
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.rules.affinity import near_holds
from rohe_iac.planning.placement.state.ledger import Grant
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex, enumerate_demands
from rohe_iac.planning.questions.what_if.rules import LAST_PORT, service_of
from rohe_iac.planning.questions.why_not.refusal_case import AdjustableAmount, EditSet, EditStep, RefusalCase

EDITABLE = re.compile(r"[^=\s,]+")
"""Label keys and values that an edit can express."""

MAX_DOMAINS = 8
"""Values of a label that are suggested for a node without the label."""


def rule_edits(case: RefusalCase) -> Iterator[list[EditSet]]:
    """Yields for each rule that refuses the node the edits that lift it; an empty list where there are none."""
    bereft = [_prefer(case, owner, rule, "near") for owner, rule, _ in left_without_neighbour(case)]
    for steps in (
        *_static_steps(case),
        *_spread(case),
        *_skew(case),
        *_avoid(case),
        *_near(case),
        *bereft,
        *_ports(case),
    ):
        yield [(step,) for step in steps]


def _static_steps(case: RefusalCase) -> Iterator[list[EditStep]]:
    """Yields the steps for status, labels, taints and architecture."""
    wanted, supply, where, what = case.wanted, case.supply, case.address, case.service
    if supply.name in case.indexed.spare:
        yield [_fewer_failures(case, 0)]
    if supply.status != "running":
        yield [EditStep(f"{where}.status running", f"{where}=running", MILLION, whole=True)]
    if case.indexed.is_left_out(case.demand):
        field = f"pipeline/{wanted.pipeline}.gang"
        yield [EditStep(f"{field} false", f"{field}=false", MILLION, whole=True)]
    labels = dict(supply.labels)
    for key, value in wanted.selector:
        if labels.get(key) != value:
            yield [*_set_label(case, key, value), _without_selector(what, key)]
    for match in unmet_matches(wanted, supply):
        yield [*_changed_labels(case, match), _without_selector(what, match.key)]
    for key in sorted({taint.key for taint in untolerated_taints(wanted, supply)}):
        yield [
            EditStep(f"{what}.tolerations with {key}", f"{what}.tolerations.{key}=Exists", MILLION, whole=True),
            EditStep(f"{where}.taints without {key}", f"{where}.taints.{key}=none", MILLION, whole=True),
        ]
    if wanted.arch and supply.arch and supply.arch not in wanted.arch:
        yield [EditStep(f"{what}.arch with {supply.arch}", f"{what}.arch+={supply.arch}", MILLION, whole=True)]


def _without_selector(service: str, key: str) -> EditStep:
    return EditStep(f"{service}.nodeSelector without {key}", f"{service}.nodeSelector.{key}=none", MILLION, whole=True)


def _changed_labels(case: RefusalCase, match: LabelMatch) -> list[EditStep]:
    """Returns steps that give the node's label a value that is asked for, or take the label away; a name stays."""
    if match.key == NODE_KEY:
        return []
    if match.operator == "In":
        return [step for value in match.values[:MAX_DOMAINS] for step in _set_label(case, match.key, value)]
    if match.operator == "Exists":
        return _labels_of_others(case, match.key)
    if not EDITABLE.fullmatch(match.key):
        return []
    field = f"{case.address}.labels"
    return [EditStep(f"{field} without {match.key}", f"{field}.{match.key}=none", MILLION, whole=True)]


def _set_label(case: RefusalCase, key: str, value: str) -> list[EditStep]:
    if not EDITABLE.fullmatch(key) or not EDITABLE.fullmatch(value):
        return []
    return [
        EditStep(f"{case.address}.labels.{key} {value}", f"{case.address}.labels.{key}={value}", MILLION, whole=True)
    ]


def _labels_of_others(case: RefusalCase, key: str) -> list[EditStep]:
    """Returns steps that give the node a label that it lacks, one for each value that other nodes have."""
    values = sorted({value for node in case.indexed.nodes for name, value in node.labels if name == key})
    return [step for value in values[:MAX_DOMAINS] for step in _set_label(case, key, value)]


def _spread(case: RefusalCase) -> Iterator[list[EditStep]]:
    indexed, ledger, written = case.indexed, case.ledger, case.written
    for key in sorted({rule.key for rule in case.wanted.spread}):
        domain = indexed.domains[key][case.node]
        if key == FAILURE_ZONE_KEY:
            full = min(rule.limit for rule in case.wanted.spread if rule.key == key)
            if ledger.counts[case.demand][key][domain] >= full:
                field = f"stack/{case.indexed.problem.stack}.survive.zones"
                yield [EditStep(f"{field} down to 0", f"{field}=0", MILLION, whole=True)]
            continue
        without = EditStep(
            f"{case.service}.spread without {key}", f"{case.service}.spread.{key}=none", MILLION, whole=True
        )
        if domain < 0:
            yield [*_labels_of_others(case, key), without]
            continue
        count = ledger.counts[case.demand][key][domain]
        limit = min((rule.limit for rule in written.spread if rule.key == key), default=count + 1)
        if count >= limit:
            step = _wider(case, key, limit, count + 1)
            yield [step, *([without] if step.change > MILLION else [])]
        if any(rule.key == key and rule not in written.spread and count >= rule.limit for rule in case.wanted.spread):
            yield [_fewer_failures(case, count)]


def _skew(case: RefusalCase) -> Iterator[list[EditStep]]:
    """Yields steps that let a domain have more replicas beside the one with fewest, or as many as it likes."""
    indexed, ledger = case.indexed, case.ledger
    for key, most in indexed.skews.required[case.demand]:
        field, domain = f"{case.service}.skew.{key}", indexed.domains[key][case.node]
        without = EditStep(f"{case.service}.spread without maxSkew of {key}", f"{field}=none", MILLION, whole=True)
        if domain < 0:
            yield [*_labels_of_others(case, key), without]
        elif indexed.skews.closes(ledger, case.demand, (key, most), domain):
            wider = ledger.counts[case.demand][key][domain] + 1 - indexed.skews.least(ledger, case.demand, key)
            step = _wider_skew(case, key, most, wider)
            yield [step, *([without] if step.change > MILLION else [])]


def _wider_skew(case: RefusalCase, key: str, most: int, number: int) -> EditStep:
    field, change = f"{case.service}.skew.{key}", (number - most) * MILLION // most
    adjustable = AdjustableAmount(most, number, lambda value: _wider_skew(case, key, most, value))
    return EditStep(f"{field} maxSkew {number}", f"{field}={number}", change, adjustable)


def _wider(case: RefusalCase, key: str, limit: int, number: int) -> EditStep:
    field, change = f"{case.service}.spread.{key}", (number - limit) * MILLION // limit
    adjustable = AdjustableAmount(limit, number, lambda value: _wider(case, key, limit, value))
    return EditStep(f"{field} maxPerDomain {number}", f"{field}={number}", change, adjustable)


def _fewer_failures(case: RefusalCase, count: int) -> EditStep:
    """Returns the step to so few failures to survive that more than `count` replicas may be on one node."""
    asked, replicas = case.indexed.settings.survive, case.wanted.replicas
    options = range(asked - 1, 0, -1)
    fewer = next((failures for failures in options if count and max(1, (replicas - 1) // failures) > count), 0)
    return _set_survive(case, fewer)


def _set_survive(case: RefusalCase, failures: int) -> EditStep:
    asked, field = case.indexed.settings.survive, f"stack/{case.indexed.problem.stack}.survive"
    change = (asked - failures) * MILLION // max(asked, 1)
    adjustable = AdjustableAmount(asked, failures, lambda value: _set_survive(case, value))
    return EditStep(f"{field} down to {failures}", f"{field}={failures}", change, adjustable)


def _avoid(case: RefusalCase) -> Iterator[list[EditStep]]:
    """Yields steps that make a required `avoid` a preferred one, of the service or of a service in the same domain."""
    indexed, ledger = case.indexed, case.ledger
    own_rules = [(case.demand, rule) for rule in case.wanted.avoid]
    rules_about_it = [
        (other, rule)
        for other in sorted({other for other, _ in indexed.avoid[case.demand]} - {case.demand})
        for rule in indexed.demands[other].avoid
        if case.wanted.workload in rule.workloads
    ]
    for owner, rule in (*own_rules, *rules_about_it):
        if not rule.required:
            continue
        domain = indexed.domains[rule.key][case.node]
        if domain < 0:
            if owner == case.demand:
                yield [*_labels_of_others(case, rule.key), *_prefer(case, owner, rule, "avoid")]
            continue
        others = [indexed.index[name] for name in rule.workloads if name in indexed.index]
        avoided = others if owner == case.demand else [owner]
        if any(ledger.counts[other][rule.key][domain] for other in avoided):
            yield _prefer(case, owner, rule, "avoid")


def _near(case: RefusalCase) -> Iterator[list[EditStep]]:
    indexed = case.indexed
    for rule in case.wanted.near:
        others = tuple(indexed.index[name] for name in rule.workloads if name in indexed.index)
        if rule.required and not near_holds(indexed, case.ledger, case.demand, others, rule.key, case.node):
            unlabelled = rule.key != NODE_KEY and indexed.domains[rule.key][case.node] < 0
            yield [
                *(_labels_of_others(case, rule.key) if unlabelled else []),
                *_prefer(case, case.demand, rule, "near"),
            ]


def volumes_elsewhere(case: RefusalCase) -> list[str]:
    """Returns the shared volumes of the service that are mounted on another node, and can be on one alone."""
    indexed = case.indexed
    return [
        rule.volume
        for rule in case.wanted.near
        if rule.volume
        and not near_holds(
            indexed,
            case.ledger,
            case.demand,
            tuple(indexed.index[name] for name in rule.workloads if name in indexed.index),
            rule.key,
            case.node,
        )
    ]


def preference_steps(case: RefusalCase) -> Iterator[EditStep]:
    """Yields steps that make each required `near` or `avoid` of the service, or about the service, a preferred one."""
    for owner, demand in enumerate_demands(case.indexed.demands):
        for word, rules in (("near", demand.near), ("avoid", demand.avoid)):
            for rule in rules:
                if rule.required and (owner == case.demand or case.wanted.workload in rule.workloads):
                    yield from _prefer(case, owner, rule, word)


def left_without_neighbour(case: RefusalCase) -> list[tuple[DemandIndex, AffinityRule, NodeIndex]]:
    """Returns the demands that would lose their required neighbour: each with its rule and one of its nodes."""
    indexed, ledger, workload = case.indexed, case.ledger, case.wanted.workload
    if not any(indexed.near):
        return []
    grant = Grant(case.demand, case.node)
    ledger.book(grant)
    found = []
    for owner, demand in enumerate_demands(indexed.demands):
        for rule in demand.near:
            others = tuple(indexed.index[name] for name in rule.workloads if name in indexed.index)
            if owner == case.demand or not rule.required or workload not in rule.workloads:
                continue
            nodes = sorted(ledger.placed[owner])
            bereft = (
                node for node in nodes if not near_holds(indexed, ledger, owner, others, rule.key, node, stands=True)
            )
            found += [(owner, rule, node) for node in islice(bereft, 1)]
    ledger.release(grant)
    return found


def _prefer(case: RefusalCase, owner: DemandIndex, rule: AffinityRule, word: str) -> list[EditStep]:
    if rule.volume:
        return []  # the rule follows from the volume's access mode, and is no field of a service
    what, pipeline = case.short_name(owner), case.indexed.demands[owner].pipeline
    others = sorted({service_of(other, pipeline) for other in rule.workloads})
    if len(others) != 1:
        return []
    if isinstance(rule, LocalFlowRule):
        field = f"{what}.flow.{others[0]}.within"
        return [EditStep(f"{field} none", f"{field}=none", MILLION, whole=True)]
    field = f"{what}.{word}.{others[0]}"
    return [EditStep(f"{field} not required", f"{field}=preferred", MILLION, whole=True)]


def _ports(case: RefusalCase) -> Iterator[list[EditStep]]:
    """Yields steps that give up host ports in use, and widen a range that is used up."""
    ledger, in_use = case.ledger, case.ledger.ports[case.node]
    host_ports = [(port.name, (port.host, port.protocol)) for port in case.wanted.ports if port.host]
    seen = set()
    for name, port in host_ports:
        if port in in_use or port in seen:
            field = f"{case.service}.ports.{name}"
            yield [EditStep(f"{field} without a host port", f"{field}=none", MILLION, whole=True)]
        seen.add(port)
    lacking = case.indexed.numbered[case.demand] - ledger.numbers
    if lacking > 0 and case.indexed.settings.ports is not None:
        first, last = case.indexed.settings.ports
        fixed = {number for ports in case.indexed.host_ports for number, _ in ports}
        end = last
        while lacking and end < LAST_PORT:
            end += 1
            lacking -= end not in fixed
        yield [_set_last_port(case, first, last, end)] if not lacking else []


def _set_last_port(case: RefusalCase, first: int, last: int, end: int) -> EditStep:
    field, change = f"stack/{case.indexed.problem.stack}.ports", (end - last) * MILLION // (last - first + 1)
    adjustable = AdjustableAmount(last, end, lambda value: _set_last_port(case, first, last, value))
    return EditStep(f"{field} up to {first}-{end}", f"{field}={first}-{end}", change, adjustable)
