"""The planner: from a Problem and the plan before it to a Plan; pure, and the same bytes for the same input."""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.garbage import pause_garbage_collection
from rohe_iac.planning.model.keys import UNLIMITED
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem, not_held
from rohe_iac.planning.model.strategies import BEST_FIT, EXACT, FIRST_FIT, PORTFOLIO, STRATEGIES, WORST_FIT
from rohe_iac.planning.placement.objective.bounds import ideal, placeable
from rohe_iac.planning.placement.objective.objective import Objective
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.state.index import Layout
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.construction.greedy import Attempt
from rohe_iac.planning.solvers.construction.repair import finish
from rohe_iac.planning.solvers.construction.service_order import order
from rohe_iac.planning.solvers.local_search.ruin_and_recreate import Search
from rohe_iac.planning.solvers.plan_building import compose
from rohe_iac.planning.solvers.resilience.survival import surviving_plan
from rohe_iac.planning.solvers.variants import _first_choice, _next_choice

SEARCH_WORK = 10_000_000
"""Nodes times replicas times iterations that a search may spend where the stack does not say how many iterations."""

SEARCH_LIMIT = 3500
"""The most iterations that a search spends of itself; fewer replicas get their square, but SEARCH_LEAST at least."""

SEARCH_LEAST = 2000
"""What few replicas get; their iterations are quick."""


class UnknownStrategy(RoheError):
    """The stack asks for a strategy that nobody offers."""

    exit_code = ExitCode.INVALID


class UnknownExtension(RoheError):
    """The settings name filters, scorers or a strategy whose callables the problem does not hold."""

    exit_code = ExitCode.INVALID


class NotCovered(RoheError):
    """The strategy cannot weigh what the stack's objective asks for."""

    exit_code = ExitCode.INVALID


def plan(problem: Problem, previous: Plan | None = None, *, explain: bool = True) -> Plan:
    """Places every replica that fits, keeps what stood before where it still fits, and says why.

    previous: the plan as applied last; its replicas stay on their nodes and keep their ports where they can.
    explain: whether to tell score parts and refused nodes of placed replicas; the placements are the same without.
    Errors: UnknownStrategy, UnknownExtension; with the strategy `exact` SolverMissing, NotCovered.
    """
    if problem.settings.strategy not in STRATEGIES and problem.extensions.strategy is None:
        raise UnknownStrategy(
            f"no strategy is called '{problem.settings.strategy}'",
            hint=f"strategies: {', '.join(STRATEGIES)}",
        )
    absent = not_held(problem)
    if absent:
        # Passing over a filter in silence would place replicas where the user forbids them.
        raise UnknownExtension(
            f"the problem does not hold the filters or scorers that it names: {', '.join(absent)}",
            hint="plan from the blueprint, with the modules that it names",
        )
    if problem.settings.strategy == EXACT and problem.extensions:
        raise UnknownExtension(
            "the strategy 'exact' does not know plugged filters and scorers", hint="use the strategy 'portfolio'"
        )
    if problem.settings.strategy == EXACT and problem.promises and "slack" in problem.settings.objective:
        raise NotCovered(
            "the strategy 'exact' does not weigh the slack of contracts", hint="use the strategy 'portfolio'"
        )
    with pause_garbage_collection():
        return surviving_plan(problem, lambda spare, eased: _plan(problem, previous, explain, frozenset(spare), eased))


def _plan(
    problem: Problem, previous: Plan | None, explain: bool, spare: frozenset[str], eased: Mapping[str, int]
) -> Plan:
    choice = _first_choice(problem, previous)
    while True:
        attempt = _attempt(Layout(problem, choice, spare, eased), previous, explain)
        following = _next_choice(attempt, choice)
        if following is None:
            return compose(attempt, previous)
        choice = following


def _attempt(layout: Layout, previous: Plan | None, explain: bool) -> Attempt:
    kept = kept_nodes(layout, previous)
    queue = order(layout)
    strategy = layout.settings.strategy
    if strategy in (PORTFOLIO, EXACT):
        starts = _passes(layout, queue, kept)
        objective = Objective(layout, kept, _forced(starts[0], kept))
        found = _searched(layout, queue, kept, explain, starts, objective)
        return found if strategy == PORTFOLIO else _solved(layout, queue, kept, explain, found, objective)
    attempt = Attempt(layout, strategy, explain=explain).run(queue, kept)
    finish(attempt, queue)
    if not kept and not _budget(layout):
        return attempt
    if not any(missing and _has_a_chance(layout, demand) for demand, missing in enumerate(attempt.missing)):
        return attempt
    had = len(previous.unplaced) if previous is not None else 0
    if not _budget(layout) and sum(map(len, attempt.missing)) <= had:
        # Too large to search, and nobody has lost a place: a pass from scratch would only move what stands.
        return attempt
    return _made_room(layout, queue, kept, explain, attempt)


def _made_room(
    layout: Layout, queue: list[int], kept: Mapping[tuple[int, int], int], explain: bool, attempt: Attempt
) -> Attempt:
    """A pass over the queue as it is, unless replicas that it left out find a place beside all others.

    The first to come does not see what those after it need beside it, along a flow or of a node's last core; nor does
    who stays. It gives way, but gives up its place only for a larger priority: who is served is for the queue to say.
    """
    grants, placed = attempt.grants(), [len(decisions) for decisions in attempt.decisions]
    if _budget(layout) and sum(placed) == sum(placeable(layout)):
        return attempt
    if kept:
        objective = Objective(layout, kept, _forced(attempt, kept), placed)
        starts = [attempt, *_passes(layout, queue, {}, (attempt.strategy,))]
    else:
        stand = {replica: grant.node for replica, grant in grants.items()}
        objective, starts = Objective(layout, stand, UNLIMITED, placed), [attempt]
    found = _searched(layout, queue, kept, explain, starts, objective)
    after = [len(decisions) for decisions in found.decisions]
    return found if objective.placing(after) > objective.placing(placed) else attempt


def _passes(
    layout: Layout, queue: list[int], kept: Mapping[tuple[int, int], int], strategies: tuple[str, ...] = ()
) -> list[Attempt]:
    found = []
    for strategy in strategies or (BEST_FIT, FIRST_FIT, WORST_FIT):
        attempt = Attempt(layout, strategy, explain=False).run(queue, kept)
        finish(attempt, queue)
        found.append(attempt)
    return found


def _searched(
    layout: Layout,
    queue: list[int],
    kept: Mapping[tuple[int, int], int],
    explain: bool,
    starts: list[Attempt],
    objective: Objective,
) -> Attempt:
    """The best of the starts, the first of equals, improved by the search within its iterations.

    The first start keeps all that can stay: what moved in it had to, and is not held against `max_moves`.
    """
    rated = [objective.worth((replica, grant.node) for replica, grant in start.grants().items()) for start in starts]
    best = starts[rated.index(max(rated))]
    missing = {(demand, index) for demand, indices in enumerate(best.missing) for index in indices}
    budget = _budget(layout)
    if not budget:
        if best.explain or not explain:
            return best
        again = Attempt(layout, best.strategy, explain=True).run(queue, best.kept)
        finish(again, queue)
        return again
    search = Search(layout, objective, best.grants(), missing)
    search.run(budget, ideal(layout, limited=objective.limit is not None, floored=bool(objective.floors)))
    settled = Attempt(layout, BEST_FIT, explain=explain).settle(queue, search.placed, kept)
    finish(settled, queue, objective)
    return settled


def _forced(start: Attempt, kept: Mapping[tuple[int, int], int]) -> int:
    """How many moved in a start that keeps all that can stay."""
    return sum(
        kept.get((demand, decision.index), decision.node) != decision.node
        for demand, decisions in enumerate(start.decisions)
        for decision in decisions
    )


def _budget(layout: Layout) -> int:
    if layout.settings.iterations is not None:
        return layout.settings.iterations
    replicas = sum(demand.replicas for demand in layout.demands)
    few = max(SEARCH_LEAST, replicas * replicas)
    return min(SEARCH_LIMIT, few, SEARCH_WORK // max(1, len(layout.nodes) * replicas))


def _has_a_chance(layout: Layout, demand: int) -> bool:
    """Whether a replica would fit anywhere if nothing else were placed."""
    empty = Ledger(layout)
    empty.pending = set(range(len(layout.demands)))
    return any(not refusal(layout, empty, demand, node) for node in range(len(layout.nodes)))


def _solved(
    layout: Layout,
    queue: list[int],
    kept: Mapping[tuple[int, int], int],
    explain: bool,
    start: Attempt,
    objective: Objective,
) -> Attempt:
    from rohe_iac.planning.solvers.exact.solve import solve

    solution = solve(layout, objective, start.grants())
    solved = Attempt(layout, BEST_FIT, explain=explain).settle(queue, solution.grants, kept)
    solved.proofs = solution.proofs
    terms = [proof.term for proof in solution.proofs]
    before = set(terms[: terms.index("nodes")]) if "nodes" in terms else {"all"}
    # What is proven of plans that move as little, or cost as little, says nothing of all plans of these replicas.
    if not any(solved.missing) and before <= ({"placed"} if kept else {"placed", "stable", "moves"}):
        solved.least_nodes = solution.proofs[terms.index("nodes")].limit
    return solved


def kept_nodes(layout: Layout, previous: Plan | None) -> dict[tuple[int, int], int]:
    """Where replicas stood before, for those that still exist on nodes that still exist."""
    if previous is None:
        return {}
    found = {}
    for placement in previous.placements:
        demand = layout.index.get(placement.workload)
        node = layout.node_index.get(placement.node)
        if demand is not None and node is not None and placement.index < layout.demands[demand].replicas:
            found[demand, placement.index] = node
    return found
