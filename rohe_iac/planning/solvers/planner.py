"""The planner: from a Problem and the plan before it to a Plan; pure, and the same bytes for the same input."""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.garbage import pause_garbage_collection
from rohe_iac.planning.model.keys import UNLIMITED
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Plugins
from rohe_iac.planning.model.problem import Problem, missing_plugins
from rohe_iac.planning.model.strategies import BEST_FIT, EXACT, FIRST_FIT, PORTFOLIO, STRATEGIES, WORST_FIT
from rohe_iac.planning.placement.objective.bounds import ideal_point, max_placeable
from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.construction.repair import repair
from rohe_iac.planning.solvers.construction.service_order import service_order
from rohe_iac.planning.solvers.local_search.outcome import SearchListener, ignore_statistics
from rohe_iac.planning.solvers.local_search.params import DEFAULT_PARAMS
from rohe_iac.planning.solvers.local_search.search import RuinAndRecreate
from rohe_iac.planning.solvers.plan_building import build_plan
from rohe_iac.planning.solvers.resilience.survival import surviving_plan
from rohe_iac.planning.solvers.variants import first_choice, next_choice


class UnknownStrategy(RoheError):
    """The stack asks for a strategy that nobody offers."""

    exit_code = ExitCode.INVALID


class MissingPlugin(RoheError):
    """The settings name filters, scorers or a strategy whose callables the problem does not hold."""

    exit_code = ExitCode.INVALID


class NotCovered(RoheError):
    """The strategy cannot weigh what the stack's objective asks for."""

    exit_code = ExitCode.INVALID


def plan(
    problem: Problem,
    previous: Plan | None = None,
    plugins: Plugins = NO_PLUGINS,
    *,
    explain: bool = True,
    listener: SearchListener = ignore_statistics,
) -> Plan:
    """Places every replica that fits, keeps what stood before where it still fits, and says why.

    previous: the plan as applied last; its replicas stay on their nodes and keep their ports where they can.
    explain: whether to tell score parts and refused nodes of placed replicas; the placements are the same without.
    listener: is called with the statistics of each search that is made for the plan; the plan does not hold them.
    Errors: UnknownStrategy, UnknownExtension; with the strategy `exact` SolverMissing, NotCovered.
    """
    if problem.settings.strategy not in STRATEGIES and plugins.strategy is None:
        raise UnknownStrategy(
            f"no strategy is called '{problem.settings.strategy}'",
            hint=f"strategies: {', '.join(STRATEGIES)}",
        )
    absent = missing_plugins(problem.settings, plugins)
    if absent:
        # Passing over a filter in silence would place replicas where the user forbids them.
        raise MissingPlugin(
            f"the settings name filters or scorers that were not handed in: {', '.join(absent)}",
            hint="plan from the blueprint, with the modules that it names",
        )
    if problem.settings.strategy == EXACT and plugins:
        raise MissingPlugin(
            "the strategy 'exact' does not know plugged filters and scorers", hint="use the strategy 'portfolio'"
        )
    if problem.settings.strategy == EXACT and problem.promises and "slack" in problem.settings.objective:
        raise NotCovered(
            "the strategy 'exact' does not weigh the slack of contracts", hint="use the strategy 'portfolio'"
        )
    with pause_garbage_collection():
        return surviving_plan(
            problem,
            lambda spare, relaxed: _plan(problem, previous, plugins, explain, listener, frozenset(spare), relaxed),
            plugins,
        )


def _plan(
    problem: Problem,
    previous: Plan | None,
    plugins: Plugins,
    explain: bool,
    listener: SearchListener,
    spare: frozenset[str],
    relaxed: Mapping[str, int],
) -> Plan:
    choice = first_choice(problem, previous)
    while True:
        construction = _construct(IndexedProblem(problem, choice, spare, relaxed, plugins), previous, explain, listener)
        following = next_choice(construction, choice)
        if following is None:
            return build_plan(construction, previous)
        choice = following


def _construct(indexed: IndexedProblem, previous: Plan | None, explain: bool, listener: SearchListener) -> Construction:
    kept = kept_nodes(indexed, previous)
    queue = service_order(indexed)
    strategy = indexed.settings.strategy
    if strategy in (PORTFOLIO, EXACT):
        starts = _passes(indexed, queue, kept)
        objective = LexicographicObjective(indexed, kept, _forced(starts[0], kept))
        found = _searched(indexed, queue, kept, explain, listener, starts, objective)
        return found if strategy == PORTFOLIO else _solved(indexed, queue, kept, explain, found, objective)
    construction = Construction(indexed, strategy, explain=explain).run(queue, kept)
    repair(construction, queue)
    if not kept and not _budget(indexed):
        return construction
    if not any(missing and _has_a_chance(indexed, demand) for demand, missing in enumerate(construction.unplaced)):
        return construction
    had = len(previous.unplaced) if previous is not None else 0
    if not _budget(indexed) and sum(map(len, construction.unplaced)) <= had:
        # Too large to search, and nobody has lost a place: a pass from scratch would only move what stands.
        return construction
    return _made_room(indexed, queue, kept, explain, listener, construction)


def _made_room(
    indexed: IndexedProblem,
    queue: list[int],
    kept: Mapping[tuple[int, int], int],
    explain: bool,
    listener: SearchListener,
    construction: Construction,
) -> Construction:
    """A pass over the queue as it is, unless replicas that it left out find a place beside all others.

    The first to come does not see what those after it need beside it, along a flow or of a node's last core; nor does
    who stays. It gives way, but gives up its place only for a larger priority: who is served is for the queue to say.
    """
    grants, placed = construction.grants(), [len(decisions) for decisions in construction.decisions]
    if _budget(indexed) and sum(placed) == sum(max_placeable(indexed)):
        return construction
    if kept:
        objective = LexicographicObjective(indexed, kept, _forced(construction, kept), placed)
        starts = [construction, *_passes(indexed, queue, {}, (construction.strategy,))]
    else:
        stand = {replica: grant.node for replica, grant in grants.items()}
        objective, starts = LexicographicObjective(indexed, stand, UNLIMITED, placed), [construction]
    found = _searched(indexed, queue, kept, explain, listener, starts, objective)
    after = [len(decisions) for decisions in found.decisions]
    return found if objective.placing(after) > objective.placing(placed) else construction


def _passes(
    indexed: IndexedProblem, queue: list[int], kept: Mapping[tuple[int, int], int], strategies: tuple[str, ...] = ()
) -> list[Construction]:
    found = []
    for strategy in strategies or (BEST_FIT, FIRST_FIT, WORST_FIT):
        construction = Construction(indexed, strategy, explain=False).run(queue, kept)
        repair(construction, queue)
        found.append(construction)
    return found


def _searched(
    indexed: IndexedProblem,
    queue: list[int],
    kept: Mapping[tuple[int, int], int],
    explain: bool,
    listener: SearchListener,
    starts: list[Construction],
    objective: LexicographicObjective,
) -> Construction:
    """The best of the starts, the first of equals, improved by the search within its iterations.

    The first start keeps all that can stay: what moved in it had to, and is not held against `max_moves`.
    """
    rated = [objective.worth((replica, grant.node) for replica, grant in start.grants().items()) for start in starts]
    best = starts[rated.index(max(rated))]
    missing = {(demand, index) for demand, indices in enumerate(best.unplaced) for index in indices}
    budget = _budget(indexed)
    if not budget:
        if best.explain or not explain:
            return best
        again = Construction(indexed, best.strategy, explain=True).run(queue, best.kept)
        repair(again, queue)
        return again
    search = RuinAndRecreate(indexed, objective, best.grants(), missing)
    ideal = ideal_point(indexed, limited=objective.limit is not None, floored=bool(objective.floors))
    listener(search.run(budget, ideal))
    settled = Construction(indexed, BEST_FIT, explain=explain).adopt(queue, search.placed, kept)
    repair(settled, queue, objective)
    return settled


def _forced(start: Construction, kept: Mapping[tuple[int, int], int]) -> int:
    """How many moved in a start that keeps all that can stay."""
    return sum(
        kept.get((demand, decision.index), decision.node) != decision.node
        for demand, decisions in enumerate(start.decisions)
        for decision in decisions
    )


def _budget(indexed: IndexedProblem) -> int:
    if indexed.settings.iterations is not None:
        return indexed.settings.iterations
    replicas = sum(demand.replicas for demand in indexed.demands)
    return DEFAULT_PARAMS.budget(len(indexed.nodes), replicas)


def _has_a_chance(indexed: IndexedProblem, demand: int) -> bool:
    """Whether a replica would fit anywhere if nothing else were placed."""
    empty = Ledger(indexed)
    empty.pending = set(range(len(indexed.demands)))
    return any(not refusal(indexed, empty, demand, node) for node in range(len(indexed.nodes)))


def _solved(
    indexed: IndexedProblem,
    queue: list[int],
    kept: Mapping[tuple[int, int], int],
    explain: bool,
    start: Construction,
    objective: LexicographicObjective,
) -> Construction:
    from rohe_iac.planning.solvers.exact.solve import solve

    solution = solve(indexed, objective, start.grants())
    solved = Construction(indexed, BEST_FIT, explain=explain).adopt(queue, solution.grants, kept)
    solved.proofs = solution.proofs
    terms = [proof.term for proof in solution.proofs]
    before = set(terms[: terms.index("nodes")]) if "nodes" in terms else {"all"}
    # What is proven of plans that move as little, or cost as little, says nothing of all plans of these replicas.
    if not any(solved.unplaced) and before <= ({"placed"} if kept else {"placed", "stable", "moves"}):
        solved.least_nodes = solution.proofs[terms.index("nodes")].limit
    return solved


def kept_nodes(indexed: IndexedProblem, previous: Plan | None) -> dict[tuple[int, int], int]:
    """Where replicas stood before, for those that still exist on nodes that still exist."""
    if previous is None:
        return {}
    found = {}
    for placement in previous.placements:
        demand = indexed.index.get(placement.workload)
        node = indexed.node_index.get(placement.node)
        if demand is not None and node is not None and placement.index < indexed.demands[demand].replicas:
            found[demand, placement.index] = node
    return found
