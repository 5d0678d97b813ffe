"""Gangs: pipelines of which all replicas are placed or none.

Gang scheduling: D. G. Feitelson and L. Rudolph, "Gang scheduling performance benefits for fine-grain synchronization",
Journal of Parallel and Distributed Computing 16, 1992. Here it is about space alone: a pipeline of which a part is
worth nothing holds no room unless all of it fits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Protocol

from rohe_iac.planning.model.plan import LeftOutGang
from rohe_iac.planning.model.strategies import EXACT
from rohe_iac.planning.placement.objective.priority_levels import PriorityLevels
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.construction.repair import drop_unsupported
from rohe_iac.planning.solvers.construction.service_order import service_order
from rohe_iac.planning.solvers.variants import least_accurate

READMITTED = 6
"""How many pipelines that were left out are tried again, before all others."""


class Attempt(Protocol):
    """Assigns all replicas but those of some pipelines."""

    def __call__(self, left_out: frozenset[str], first: str = "") -> Construction:
        """Returns the assignment.

        Args:
            left_out: pipelines of which nothing is placed.
            first: a pipeline that has its turn before all others; "" for none.
        """
        ...


def assign_with_whole_gangs(gangs: tuple[str, ...], attempt: Attempt) -> Construction:
    """Returns an assignment in which every gang is placed whole or not at all.

    Where gangs do not fit whole, the least important of them is left out and all is assigned again without it, until
    the others fit. Each that was left out is then tried again with the first turn, the most important one first, and
    stays where more replicas have a place with it, by priority.

    Args:
        gangs: the pipelines that are placed whole or not at all.
        attempt: assigns all replicas but those of some pipelines.
    """
    construction = attempt(frozenset())
    if not gangs:
        return construction
    indexed = construction.indexed
    if indexed.settings.strategy == EXACT:
        return _explained(_relabelled(construction))
    left_out: list[str] = []
    while broken := _broken(construction):
        left_out.append(min(broken, key=lambda name: _importance(indexed, name)))
        construction = attempt(frozenset(left_out))
    for name in sorted(left_out, key=lambda name: _importance(indexed, name), reverse=True)[:READMITTED]:
        candidate = attempt(frozenset(left_out) - {name}, name)
        if not _broken(candidate) and _placed(candidate) > _placed(construction):
            construction = candidate
            left_out.remove(name)
    return _explained(construction)


def _importance(indexed: IndexedProblem, pipeline: str) -> tuple[list[tuple[int, int]], list[int]]:
    """Returns a key that puts a pipeline of lower priority first, then one of fewer replicas, then the last by name."""
    replicas: Counter[int] = Counter()
    for demand in indexed.members_of(pipeline):
        replicas[indexed.demands[demand].rank] += indexed.demands[demand].replicas
    return sorted(replicas.items(), reverse=True), [-ord(letter) for letter in pipeline]


def _broken(construction: Construction) -> list[str]:
    """Returns the gangs that have replicas without a place and are not left out."""
    indexed, unplaced = construction.indexed, construction.unplaced
    return [indexed.demands[gang[0]].pipeline for gang in indexed.gangs if any(unplaced[demand] for demand in gang)]


def _placed(construction: Construction) -> list[int]:
    """Returns how many replicas are placed, by level of priority."""
    return PriorityLevels(construction.indexed).placed([len(decisions) for decisions in construction.decisions], ())


def _with_left_out(
    indexed: IndexedProblem, left_out: frozenset[str], tried: Collection[DemandIndex] = ()
) -> IndexedProblem:
    """Returns the same problem with these pipelines left out; `tried`: demands of one that is tried again."""
    choice = {
        demand.workload: chosen for demand, chosen in zip(indexed.demands, indexed.choice, strict=True) if chosen >= 0
    }
    # What is tried of a pipeline that does not fit is its smallest form, the variants of the least accuracy.
    choice |= {indexed.demands[demand].workload: least_accurate(indexed.demands[demand]) for demand in tried}
    return IndexedProblem(indexed.problem, choice, indexed.spare, indexed.relaxed, indexed.plugins, left_out)


def _relabelled(solved: Construction) -> Construction:
    """Returns the assignment of a solver with the gangs that it does not place left out."""
    broken = _broken(solved)
    if not broken:
        return solved
    indexed = _with_left_out(solved.indexed, frozenset(broken))
    again = Construction(indexed, solved.strategy, explain=solved.explain).adopt(
        service_order(indexed), solved.grants(), solved.standing
    )
    again.proofs, again.least_nodes, again.gain = solved.proofs, solved.least_nodes, solved.gain
    return again


def _explained(construction: Construction) -> Construction:
    """Returns the assignment with what each pipeline that is left out lacks beside it.

    A pipeline for which there is room in the end is placed, after all others, unless a solver has decided otherwise.
    """
    indexed, found = construction.indexed, []
    names = sorted(indexed.left_out, key=lambda name: _importance(indexed, name), reverse=True)
    for name in names:
        members = indexed.members_of(name)
        trial = _beside(construction, name, members)
        missing = [demand for demand in members if trial.unplaced[demand]]
        if not missing and _may_be_added(trial, members):
            construction, indexed = trial, trial.indexed
            continue
        found.append(
            LeftOutGang(
                name,
                sum(indexed.demands[demand].replicas for demand in members),
                tuple(
                    f"{indexed.demands[demand].replica}/{index}"
                    for demand in sorted(missing, key=lambda demand: indexed.demands[demand].replica)
                    for index in trial.unplaced[demand]
                ),
                tuple(refusals for demand in missing if (refusals := trial.refusals[demand]) is not None),
            )
        )
    construction.left_out = tuple(sorted(found, key=lambda gang: gang.pipeline))
    return construction


def _beside(construction: Construction, pipeline: str, members: Collection[DemandIndex]) -> Construction:
    """Returns the assignment with as many replicas of a pipeline as find room beside the others."""
    indexed = construction.indexed
    trial = _copied(construction, _with_left_out(indexed, indexed.left_out - {pipeline}, members))
    wanted = {*members, *indexed.rooms_of(pipeline)}
    trial.extend([demand for demand in service_order(trial.indexed) if demand in wanted])
    drop_unsupported(trial)
    return trial


def _copied(construction: Construction, indexed: IndexedProblem) -> Construction:
    """Returns a construction with the same placed replicas, for a problem that differs in what may be placed."""
    other = Construction(indexed, construction.strategy, explain=construction.explain)
    other.decisions = [list(decisions) for decisions in construction.decisions]
    for decisions in other.decisions:
        for decision in decisions:
            other.ledger.book(decision)
    other.unplaced = [list(indices) for indices in construction.unplaced]
    other.refusals, other.standing = list(construction.refusals), construction.standing
    other.late = set(construction.late)
    other.least_nodes, other.proofs, other.gain = construction.least_nodes, construction.proofs, construction.gain
    return other


def _may_be_added(trial: Construction, members: Collection[DemandIndex]) -> bool:
    """Checks whether a plan may hold the pipeline: no solver has decided otherwise, and no limit of moves is passed."""
    settings = trial.indexed.settings
    moved = any(
        (stood := trial.standing.get((demand, decision.index))) is not None and stood.node != decision.node
        for demand in members
        for decision in trial.decisions[demand]
    )
    return settings.strategy != EXACT and (settings.max_moves is None or not moved)
