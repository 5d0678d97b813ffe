"""Other nodes: why the nodes without a replica of a workload have none, by the finished plan alone.

The refusals in a plan are those at the moment of each decision, so that they depend on the order of decisions and on
the plan before. What is derived here is the same for equal placements, whether the plan is new or applied.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from rohe_iac.planning.model.plan import Placement, Plan, Refusals, Rejection, Unplaced
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Plugins
from rohe_iac.planning.model.problem import Problem, missing_plugins
from rohe_iac.planning.placement.evaluation.explanation import CLOSEST, rejection
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.state.from_plan import grant_of, ledger_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import enumerate_nodes
from rohe_iac.planning.questions.analysis.node_survey import latest

MAX_PAIRS = 500_000
"""Pairs of workloads and nodes that are evaluated; the plan's own refusals stand in where there are more."""


def other_nodes(problem: Problem, plan: Plan, plugins: Plugins = NO_PLUGINS) -> tuple[Refusals, ...]:
    """Returns for each workload the nodes that refuse its last replica in the finished plan without that replica.

    Nodes that run a replica of the workload are left out unless a replica of it is unplaced.

    Args:
        problem: Problem of the plan.
        plan: A plan.
        plugins: The problem's filters; where one is missing, the plan's own refusals stand in.
    """
    running: dict[str, set[str]] = defaultdict(set)
    for placement in plan.placements:
        running[placement.workload].add(placement.node)
    if missing_plugins(problem.settings, plugins) or len(problem.demands) * len(problem.nodes) > MAX_PAIRS:
        return tuple(_without(refusals, running[refusals.workload]) for refusals in plan.refusals)
    indexed, ledger = ledger_of(problem, plan, plugins=plugins)
    items = sorted(latest((*plan.placements, *plan.unplaced)), key=lambda item: item.workload)
    return tuple(
        _refusals(indexed, ledger, item, running[item.workload]) for item in items if item.workload in indexed.index
    )


def _refusals(indexed: IndexedProblem, ledger: Ledger, item: Placement | Unplaced, running: set[str]) -> Refusals:
    """Returns the refusals of one replica; the ledger is afterwards as it was."""
    demand = indexed.index[item.workload]
    grant = grant_of(indexed, ledger, item) if isinstance(item, Placement) else None
    if grant is not None:
        ledger.release(grant)
    refused = [
        rejection(indexed, ledger, demand, node)
        for node, supply in enumerate_nodes(indexed.nodes)
        if (isinstance(item, Unplaced) or supply.name not in running) and refusal(indexed, ledger, demand, node)
    ]
    if grant is not None:
        ledger.book(grant)
    refused.sort(key=lambda near: (near.shortfall, near.node))
    return Refusals(item.workload, _by_rule(refused), tuple(refused[:CLOSEST]))


def _by_rule(refused: list[Rejection]) -> tuple[tuple[str, int], ...]:
    """Returns how many nodes each rule refused, the most first."""
    counts = Counter(near.rule for near in refused)
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _without(refusals: Refusals, running: set[str]) -> Refusals:
    """Returns the refusals without the nodes that run the workload, as far as the plan names them."""
    gone = Counter(near.rule for near in refusals.closest if near.node in running)
    counts = tuple((rule, count - gone[rule]) for rule, count in refusals.by_rule if count > gone[rule])
    closest = tuple(near for near in refusals.closest if near.node not in running)
    return Refusals(refusals.workload, counts, closest)
