"""Checks that the lists of a plan are in their order, each item once, so that equal plans are equal bytes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.requests import requested

RULE_ORDER = (
    "status", "spare", "labels", "taints", "architecture", "gang", "cpu", "cores", "rss", "vms", "disk",
    "network", "accelerators", "ports", "spread", "skew", "avoid", "near", "latency", "bandwidth", "budget",
)  # fmt: skip
"""Rules in the order in which plans count what they refuse; those of plug-in filters follow."""


def order_faults(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Yields a fault for each list that is not in its order, or has an item twice."""
    demands = {demand.workload: demand for demand in problem.demands}
    lists: list[tuple[str, str, Sequence[Any]]] = [
        ("identity", "placements", [_address_key(item.replica) for item in plan.placements]),
        ("identity", "unplaced replicas", [_address_key(item.replica) for item in plan.unplaced]),
        ("refusals", "refusals", [refusals.workload for refusals in plan.refusals]),
        ("gang", "pipelines that are left out", [gang.pipeline for gang in plan.left_out]),
        ("losses", "losses", [loss.node for loss in plan.losses]),
        ("losses", "workloads that are spread for fewer failures", [item.workload for item in plan.relaxed]),
    ]
    for gang in plan.left_out:
        lists.append(("gang", f"missing replicas of {gang.pipeline}", [_address_key(item) for item in gang.missing]))
        lists.append(("gang", f"refusals of {gang.pipeline}", [refusals.workload for refusals in gang.refusals]))
    for loss in plan.losses:
        lists.append(("losses", f"unplaceable replicas of {loss.node}", loss.unplaceable))
        lists.append(("losses", f"outages of {loss.node}", loss.outages))
    for rule, name, keys in lists:
        if any(first >= second for first, second in itertools.pairwise(keys)):
            yield Fault(rule, problem.stack, f"the {name} are not in order, each once")
    for refusals in (*plan.refusals, *(refusals for gang in plan.left_out for refusals in gang.refusals)):
        for message in _rule_faults([rule for rule, _ in refusals.by_rule], has_filters=bool(problem.settings.filters)):
            yield Fault("refusals", refusals.workload, message)
    yield from _core_faults(plan, demands)


def _address_key(address: str) -> tuple[str, int]:
    """Returns the sort key of a replica: the address of its workload's replicas, and its number."""
    head, _, index = address.rpartition("/")
    return head, int(index) if index.isdecimal() else -1


def _rule_faults(rules: Sequence[str], *, has_filters: bool) -> Iterator[str]:
    known = [RULE_ORDER.index(rule) for rule in rules if rule in RULE_ORDER]
    if len(set(rules)) < len(rules) or known != sorted(known) or list(rules[: len(known)]) != _known(rules):
        yield f"the rules {', '.join(rules)} are not in order, each once"
    if not has_filters and len(known) < len(rules):
        yield f"no rule is called {next(rule for rule in rules if rule not in RULE_ORDER) or 'nothing'}"


def _known(rules: Sequence[str]) -> list[str]:
    return [rule for rule in rules if rule in RULE_ORDER]


def _core_faults(plan: Plan, demands: Mapping[str, Demand]) -> Iterator[Fault]:
    """Yields a fault for each replica whose cores or devices are not listed as its request lists them."""
    for item in plan.placements:
        if item.workload not in demands:
            continue
        request = requested(demands[item.workload], item.variant)
        if tuple(use.amount for use in item.cores) != request.cores:
            yield Fault("cores", item.replica, "its cores are not those of the request, the largest first")
        types = [asked.type for asked in request.devices for _ in range(asked.count or 1)]
        if [use.type for use in item.devices] != types:
            yield Fault("accelerators", item.replica, "its devices are not in the order of the request")
