"""Question: a workload, a node and a plan, and whether edits of the problem place a replica there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from msgspec import structs

from rohe_iac.planning.from_blueprint.node_counts import with_node_counts, with_replica
from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.plugins.protocols import Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.strategies import EXACT, PORTFOLIO
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.state.from_plan import ledger_of
from rohe_iac.planning.questions.why_not.refusal_case import EditSet
from rohe_iac.planning.questions.why_not.trial_edits import edited_problem
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

SOON = 150
"""Iterations of a search that tries an amount far from the smallest one."""

CONTRADICTORY = "its parts contradict each other"
STILL_REFUSED = "the replica would still find no place there with all others where they are"
STILL_UNPLACED = "the replica would still have no node"
"""Why edits were not proven."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What planning again with edits gave.

    Attributes:
        proven: whether the edits place the replica, with all others where the plan has them.
        instead: a plan in which rivals took the room that the edits made: from the present plan or, where the edits are
            proven, from scratch; None where there are no rivals.
        why: why the edits are not proven; empty where they are.
    """

    proven: bool
    instead: Plan | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A workload and a node in a problem and its plan, and the replica that would go to the node."""

    problem: Problem
    decided: Plan
    wanted: Demand
    name: str
    candidate: str
    plugins: Plugins

    def plan_again(self, steps: EditSet) -> Trial:
        """Plans the edited problem as `rohe plan --what-if` does, from scratch, and with the replica on the node."""
        problem = edited_problem(self.problem, steps)
        if problem is None:
            return Trial(False, why=CONTRADICTORY)
        problem = with_node_counts(problem, self.decided)
        unplaced, again = self._unplaced(self.decided), plan(problem, self.decided, self.plugins, explain=False)
        losers = self._losers(again)
        if losers:
            return Trial(False, again, f"{' and '.join(losers[:2])} would have a replica without a node")
        if not unplaced:
            stays = self._stays(problem)
            return Trial(stays, why="" if stays else STILL_REFUSED + self._refusing(problem, self.decided))
        if self._unplaced(again) >= unplaced:
            return Trial(False, again, STILL_UNPLACED + self._refusing(problem, again))
        if self._on(again) <= self._on(self.decided) and not self._stays(problem):
            return Trial(False, why=STILL_REFUSED + self._refusing(problem, self.decided))
        afresh = plan(problem, None, self.plugins, explain=False)
        lost = self._unplaced(afresh) >= unplaced or bool(self._losers(afresh))
        return Trial(True, afresh if lost else None)

    def _refusing(self, problem: Problem, found: Plan) -> str:
        """Returns which rule refuses the node in an edited problem, with all other replicas where a plan has them."""
        indexed, ledger = ledger_of(problem, found, self.candidate, self.plugins)
        rule = refusal(indexed, ledger, indexed.index[self.wanted.workload], indexed.node_index[self.name])
        return f" because the rule `{rule}` still refuses {self.name}" if rule else ""

    def suffices(self, steps: EditSet, most: int) -> bool:
        """Checks whether the edits place the replica, also from scratch, with at most `most` iterations of a search."""
        known = self._searching(most).plan_again(steps)
        return known.proven and known.instead is None

    def suffices_soon(self, steps: EditSet) -> bool:
        """Checks whether the edits place the replica with at most SOON iterations of a search."""
        return self._searching(SOON).plan_again(steps).proven

    def _searching(self, most: int) -> Question:
        """Returns the question with at most so many iterations of a search."""
        own = self.problem.settings.iterations
        settings = replace(self.problem.settings, iterations=most if own is None else min(own, most))
        if settings.strategy == EXACT:
            settings = replace(settings, strategy=PORTFOLIO)
        return replace(self, problem=replace(self.problem, settings=settings))

    def proves(self, steps: EditSet) -> bool:
        """Checks whether the edits place the replica, from the present plan; from scratch they need not."""
        return self.plan_again(steps).proven

    def _unplaced(self, found: Plan) -> int:
        return sum(item.workload == self.wanted.workload for item in found.unplaced)

    def _on(self, found: Plan) -> int:
        return sum(item.workload == self.wanted.workload and item.node == self.name for item in found.placements)

    def _losers(self, found: Plan) -> list[str]:
        """Returns the workloads of which more replicas are without a place than in the present plan."""
        had = Counter(item.workload for item in self.decided.unplaced)
        counts = Counter(item.workload for item in found.unplaced)
        return sorted(name for name, number in counts.items() if number > had[name])

    def _stays(self, problem: Problem) -> bool:
        """Checks whether planning again, with the replica on the node, keeps it and all others, and breaks nothing."""
        decided, wanted, replica = self.decided, self.wanted, self.candidate
        index = int(replica.rpartition("/")[2])
        more = tuple(
            with_replica(demand, index) if demand.workload == wanted.workload else demand for demand in problem.demands
        )
        problem = replace(problem, demands=more)
        present = next((item for item in decided.placements if item.replica == replica), None)
        model = present or next((item for item in decided.placements if item.workload == wanted.workload), None)
        moved = structs.replace(
            model or _new_placement(wanted, replica, index, self.name),
            replica=replica, index=index, node=self.name, ports=present.ports if present else (),
        )  # fmt: skip
        kept = tuple(item for item in decided.placements if item.replica != replica)
        # A search might move the replica to make room for others; that does not mean that it cannot stay.
        problem = replace(problem, settings=replace(problem.settings, max_moves=0))
        again = plan(problem, replace(decided, placements=(*kept, moved), problem=None), self.plugins, explain=False)
        placed = {item.replica: item.node for item in again.placements}
        stayed = placed.get(replica) == self.name and self._on(again) > self._on(decided)
        # What is still missing on the node would show as a replica that has to leave it.
        others = all(placed.get(item.replica) == item.node for item in kept)
        return stayed and others and not self._losers(again) and not verify(problem, again, self.plugins)


def _new_placement(wanted: Demand, replica: str, index: int, node: str) -> Placement:
    return Placement(
        replica,
        f"{wanted.slug}-{index}",
        wanted.workload,
        wanted.pipeline,
        wanted.service,
        wanted.member,
        index,
        node,
        "",
    )
