"""Survey: every node for one replica as it was when the replica was decided, derived again from a plan's own inputs.

A plan keeps the five closest refused nodes; a survey has all of them, and the scores of the nodes that fit. Which
replicas stood when the replica was decided follows from the queue: replicas that kept their node stood already, later
ones did not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rohe_iac.planning.model.plan import DECIDED_BY_SEARCH, Placement, Plan, Rejection, ScorePart, Unplaced
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.strategies import BEST_FIT
from rohe_iac.planning.placement.evaluation.explanation import rejection
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.from_plan import choice_of, grant_of, left_out_of, relaxed_spreads_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, enumerate_nodes
from rohe_iac.planning.solvers.construction.service_order import service_order


@dataclass(frozen=True, slots=True)
class Fit:
    """A node that the replica could have gone to, with its score and the parts of the score."""

    node: str
    points: int
    parts: tuple[ScorePart, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """Every node for one replica: `fits` and `refused` together are all nodes.

    Attributes:
        node: the node of the replica, "" where it is unplaced.
        kept: whether the replica kept its node, so that no score decided.
        fits: by score, the best first, by name where equal.
        refused: the closest first.
    """

    replica: str
    workload: str
    node: str
    kept: bool
    fits: tuple[Fit, ...]
    refused: tuple[Rejection, ...]

    @property
    def by_rule(self) -> tuple[tuple[str, int], ...]:
        """Returns how many nodes each rule refused, the most first."""
        counts = Counter(rejection.rule for rejection in self.refused)
        return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def surveys_of(
    problem: Problem, decided: Plan, items: Iterable[Placement | Unplaced], plugins: Plugins = NO_PLUGINS
) -> tuple[Survey, ...]:
    """Returns a survey of each of these replicas of the plan, in their order."""
    # Plans made before the field `spare` show the spare node only by the rule that refuses it, `reserved` at that time.
    named = (
        rejection.node
        for refusals in decided.refusals
        for rejection in refusals.closest
        if rejection.rule in ("spare", "reserved")
    )
    spare = decided.spare or next(named, "")
    indexed = IndexedProblem(
        problem,
        choice_of(problem, decided),
        frozenset((spare,)),
        relaxed_spreads_of(decided),
        plugins,
        left_out_of(decided),
    )
    queue = service_order(indexed)
    # A search explains its replicas in the order of the queue, those that kept their node included.
    searched = any(item.decided == DECIDED_BY_SEARCH for item in decided.placements)
    found = []
    for item in items:
        survey = _survey(
            indexed, _ledger_then(indexed, decided, item, queue, searched=searched), problem, item, searched
        )
        if isinstance(item, Unplaced) and not searched and survey.refused[: len(item.closest)] != item.closest:
            # No placement may show that a search decided, where every replica kept its node or was the only fit.
            again = _survey(indexed, _ledger_then(indexed, decided, item, queue, searched=True), problem, item, True)
            survey = again if again.refused[: len(item.closest)] == item.closest else survey
        found.append(survey)
    return tuple(found)


def _ledger_then(
    indexed: IndexedProblem, decided: Plan, item: Placement | Unplaced, queue: list[DemandIndex], *, searched: bool
) -> Ledger:
    """Returns the ledger as it was when the replica was decided, without the replica."""
    turn = {demand: position for position, demand in enumerate(queue)}
    ledger = Ledger(indexed)
    own_turn = (turn[indexed.index[item.workload]], item.index)
    gone, late = isinstance(item, Unplaced), _is_late(item)
    for other in sorted(
        decided.placements, key=lambda placement: (turn[indexed.index[placement.workload]], placement.index)
    ):
        other_turn = (turn[indexed.index[other.workload]], other.index)
        before = other_turn < own_turn or (gone and (searched or other_turn[0] == own_turn[0]))
        if _is_late(other) != late:
            before = late or (gone and searched)
        elif late:
            before = other_turn < own_turn
        if other_turn != own_turn and (before or (_is_kept(other) and not searched)):
            ledger.book(grant_of(indexed, ledger, other))
    ledger.pending = (
        set() if late or (gone and searched) else {demand for demand in queue if turn[demand] > own_turn[0]}
    )
    return ledger


def latest(items: Sequence[Placement | Unplaced]) -> tuple[Placement | Unplaced, ...]:
    """Returns for each workload the replica that was decided last: an unplaced one, else that of the largest index."""
    last: dict[str, Placement | Unplaced] = {}
    for item in items:
        known = last.get(item.workload)
        if known is None or (isinstance(item, Unplaced), item.index) > (isinstance(known, Unplaced), known.index):
            last[item.workload] = item
    return tuple(last.values())


def _is_kept(item: Placement | Unplaced) -> bool:
    return isinstance(item, Placement) and item.was == item.node


def _is_late(item: Placement | Unplaced) -> bool:
    """Checks whether the replica was placed after all others had had their turn."""
    return isinstance(item, Placement) and item.late


def _survey(
    indexed: IndexedProblem, ledger: Ledger, problem: Problem, item: Placement | Unplaced, searched: bool
) -> Survey:
    demand = indexed.index[item.workload]
    scoring = Scoring(indexed, ledger, BEST_FIT if searched else problem.settings.strategy)
    names = scoring.names(demand)
    fits, refused = [], []
    for node, supply in enumerate_nodes(indexed.nodes):
        rule = refusal(indexed, ledger, demand, node)
        # Replicas are listed by number, and in that order the node may be too full beside others for a moment.
        if rule and not (rule == "skew" and isinstance(item, Placement) and item.node == supply.name):
            refused.append(rejection(indexed, ledger, demand, node))
            continue
        parts = zip(names, scoring.parts(demand, node), strict=True)
        scores = tuple([ScorePart(name, points) for name, points in parts if name])
        fits.append(Fit(supply.name, scoring.total(demand, node), scores))
    return Survey(
        item.replica,
        item.workload,
        item.node if isinstance(item, Placement) else "",
        _is_kept(item),
        tuple(sorted(fits, key=lambda fit: (-fit.points, fit.node))),
        tuple(sorted(refused, key=lambda rejection: (rejection.shortfall, rejection.node))),
    )
