"""Survey: every node for one replica at the moment when it was decided, worked out anew from a plan's own inputs.

A plan keeps the five closest of the refused nodes; a survey tells all of them, and the points of those that fit. The
moment is that of the queue: who stays where it was stands there already, who comes later does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rohe_iac.planning.model.plan import DECIDED_BY_SEARCH, Placement, Plan, Rejection, ScorePart, Unplaced
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.strategies import BEST_FIT
from rohe_iac.planning.placement.evaluation.explanation import rejection
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.from_plan import choice_of, grant_of, relaxed_spreads_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.construction.service_order import service_order


@dataclass(frozen=True, slots=True)
class Fit:
    """A node that the replica could have gone to, with its points and their parts."""

    node: str
    points: int
    parts: tuple[ScorePart, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """node: where the replica is, "" where it has no place. kept: it was there before, which no points decided.

    fits: by points, the most first, by name where equal. refused: the closest first. Together they are all nodes.
    """

    replica: str
    workload: str
    node: str
    kept: bool
    fits: tuple[Fit, ...]
    refused: tuple[Rejection, ...]

    @property
    def by_rule(self) -> tuple[tuple[str, int], ...]:
        """How many nodes each rule refused, the most first."""
        counts: dict[str, int] = {}
        for one in self.refused:
            counts[one.rule] = counts.get(one.rule, 0) + 1
        return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def surveys_of(
    problem: Problem, decided: Plan, items: Iterable[Placement | Unplaced], plugins: Plugins = NO_PLUGINS
) -> tuple[Survey, ...]:
    """A survey of each of these replicas of the plan, in their order."""
    # Plans of before told it by what it refuses alone.
    told = (near.node for one in decided.refusals for near in one.closest if near.rule == "reserved")
    spare = decided.spare or next(told, "")
    indexed = IndexedProblem(
        problem, choice_of(problem, decided), frozenset((spare,)), relaxed_spreads_of(decided), plugins
    )
    queue = service_order(indexed)
    # Replicas that a search placed were looked at in the order of the queue, those that stay among them.
    searched = any(item.decided == DECIDED_BY_SEARCH for item in decided.placements)
    found = []
    for item in items:
        survey = _survey(indexed, _moment(indexed, decided, item, queue, searched=searched), problem, item, searched)
        if isinstance(item, Unplaced) and not searched and survey.refused[: len(item.closest)] != item.closest:
            # A search whose replicas had no choice is not told by their reasons.
            again = _survey(indexed, _moment(indexed, decided, item, queue, searched=True), problem, item, True)
            survey = again if again.refused[: len(item.closest)] == item.closest else survey
        found.append(survey)
    return tuple(found)


def _moment(
    indexed: IndexedProblem, decided: Plan, item: Placement | Unplaced, queue: list[int], *, searched: bool
) -> Ledger:
    """The ledger as it was when the replica was decided, without it."""
    turn = {demand: position for position, demand in enumerate(queue)}
    ledger = Ledger(indexed)
    mine = (turn[indexed.index[item.workload]], item.index)
    gone, late = isinstance(item, Unplaced), _is_late(item)
    for other in sorted(decided.placements, key=lambda one: (turn[indexed.index[one.workload]], one.index)):
        there = (turn[indexed.index[other.workload]], other.index)
        before = there < mine or (gone and (searched or there[0] == mine[0]))
        if _is_late(other) != late:
            before = late or (gone and searched)
        elif late:
            before = there < mine
        if there != mine and (before or (_is_kept(other) and not searched)):
            ledger.book(grant_of(indexed, ledger, other))
    ledger.pending = set() if late or (gone and searched) else {demand for demand in queue if turn[demand] > mine[0]}
    return ledger


def latest(items: Sequence[Placement | Unplaced]) -> tuple[Placement | Unplaced, ...]:
    """Of each workload the replica that was decided last: one without a place, else that of the largest index."""
    last: dict[str, Placement | Unplaced] = {}
    for item in items:
        known = last.get(item.workload)
        if known is None or (isinstance(item, Unplaced), item.index) > (isinstance(known, Unplaced), known.index):
            last[item.workload] = item
    return tuple(last.values())


def _is_kept(item: Placement | Unplaced) -> bool:
    return isinstance(item, Placement) and item.was == item.node


def _is_late(item: Placement | Unplaced) -> bool:
    """Whether it was placed when all others had had their turn."""
    return isinstance(item, Placement) and item.late


def _survey(
    indexed: IndexedProblem, ledger: Ledger, problem: Problem, item: Placement | Unplaced, searched: bool
) -> Survey:
    demand = indexed.index[item.workload]
    scoring = Scoring(indexed, ledger, BEST_FIT if searched else problem.settings.strategy)
    names = scoring.names(demand)
    fits, refused = [], []
    for node, supply in enumerate(indexed.nodes):
        if refusal(indexed, ledger, demand, node):
            refused.append(rejection(indexed, ledger, demand, node))
            continue
        parts = zip(names, scoring.parts(demand, node), strict=True)
        told = tuple([ScorePart(name, points) for name, points in parts if name])
        fits.append(Fit(supply.name, scoring.total(demand, node), told))
    return Survey(
        item.replica,
        item.workload,
        item.node if isinstance(item, Placement) else "",
        _is_kept(item),
        tuple(sorted(fits, key=lambda fit: (-fit.points, fit.node))),
        tuple(sorted(refused, key=lambda one: (one.shortfall, one.node))),
    )
