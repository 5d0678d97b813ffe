"""The planner: from a problem and the plan before it to a plan. Pure: equal inputs give the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.garbage import pause_garbage_collection
from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Plugins
from rohe_iac.planning.model.problem import Problem, missing_plugins
from rohe_iac.planning.model.strategies import EXACT, STRATEGIES
from rohe_iac.planning.placement.state.from_plan import standing_grants
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.assigner import Assigner
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.construction.service_order import service_order
from rohe_iac.planning.solvers.gangs import assign_with_whole_gangs
from rohe_iac.planning.solvers.local_search.outcome import SearchListener, ignore_statistics
from rohe_iac.planning.solvers.plan_building import build_plan
from rohe_iac.planning.solvers.resilience.survival import surviving_plan
from rohe_iac.planning.solvers.search_allowance import SearchAllowance
from rohe_iac.planning.solvers.sharing.nearness import bring_agents_near
from rohe_iac.planning.solvers.sharing.shares import shares_of
from rohe_iac.planning.solvers.standing_plan import solves, standing_plan
from rohe_iac.planning.solvers.variants import first_choice, next_choice


class UnknownStrategy(RoheError):
    """The stack asks for a strategy that does not exist."""

    exit_code = ExitCode.INVALID


class MissingPlugin(RoheError):
    """The settings name filters, scorers or a strategy that were not handed in, or that `exact` cannot use."""

    exit_code = ExitCode.INVALID


class NotCovered(RoheError):
    """The strategy does not support a term of the stack's objective."""

    exit_code = ExitCode.INVALID


def plan(
    problem: Problem,
    previous: Plan | None = None,
    plugins: Plugins = NO_PLUGINS,
    *,
    explain: bool = True,
    listener: SearchListener = ignore_statistics,
) -> Plan:
    """Returns a plan that places every replica that fits and keeps replicas on their nodes where they still fit.

    A previous plan of the same problem is kept as it is: planned again, nothing moves.

    Args:
        problem: what to place where.
        previous: the plan applied last; its replicas stay on their nodes and keep their ports where they can.
        plugins: the filters, scorers and strategy that the settings name.
        explain: whether placements have score parts and refused nodes; the placements are the same without.
        listener: is called with the statistics of each search that is made for the plan; the plan does not hold them.

    Raises:
        UnknownStrategy: the strategy does not exist.
        MissingPlugin: the settings name plug-ins that were not handed in, or that `exact` cannot use.
        NotCovered: the strategy is `exact`, and the objective weighs the slack of contracts, a skew is preferred, or a
            flow within a zone or label has a bandwidth.
        SolverMissing: the strategy is `exact` and OR-tools is not installed.
    """
    _check_strategy(problem, plugins)
    with pause_garbage_collection():
        if previous is not None and solves(previous, problem):
            found = standing_plan(problem, previous, plugins, explain=explain)
        else:
            allowance = SearchAllowance()
            found = surviving_plan(
                problem,
                lambda spare, relaxed: _plan(
                    problem, previous, plugins, explain, listener, allowance, frozenset(spare), relaxed
                ),
                plugins,
            )
        return replace(found, shares=shares_of(problem, found, previous))


def _check_strategy(problem: Problem, plugins: Plugins) -> None:
    """Raises UnknownStrategy, MissingPlugin or NotCovered where the problem cannot be planned as it asks."""
    if problem.settings.strategy not in STRATEGIES and plugins.strategy is None:
        raise UnknownStrategy(
            f"no strategy is called '{problem.settings.strategy}'",
            hint=f"strategies: {', '.join(STRATEGIES)}",
        )
    absent = missing_plugins(problem.settings, plugins)
    if absent:
        # Planning without a filter would place replicas where the user forbids them.
        raise MissingPlugin(
            f"the settings name filters or scorers that were not handed in: {', '.join(absent)}",
            hint="plan from the blueprint, with the modules that it names",
        )
    if problem.settings.strategy == EXACT and plugins:
        raise MissingPlugin(
            "the strategy 'exact' does not know plugged filters and scorers", hint="use the strategy 'portfolio'"
        )
    if problem.settings.strategy == EXACT and any(
        not rule.required for demand in problem.demands for rule in demand.skews
    ):
        raise NotCovered(
            "the strategy 'exact' does not weigh a maxSkew that is not required",
            hint="use the strategy 'portfolio', or required: true",
        )
    if (
        problem.settings.strategy == EXACT
        and problem.wires
        and any(edge.bandwidth and edge.within not in ("", NODE_KEY) for edge in problem.edges)
    ):
        raise NotCovered(
            "the strategy 'exact' does not weigh the bandwidth of a flow within a zone or label",
            hint="use the strategy 'portfolio'",
        )
    if problem.settings.strategy == EXACT and problem.promises and "slack" in problem.settings.objective:
        raise NotCovered(
            "the strategy 'exact' does not weigh the slack of contracts", hint="use the strategy 'portfolio'"
        )


def _plan(
    problem: Problem,
    previous: Plan | None,
    plugins: Plugins,
    explain: bool,
    listener: SearchListener,
    allowance: SearchAllowance,
    spare: frozenset[str],
    relaxed: Mapping[str, int],
) -> Plan:
    """Returns the plan with the most accurate variants that are found to fit.

    Args:
        problem: what to place where.
        previous: the plan applied last.
        plugins: what the settings name.
        explain: whether placements are explained.
        listener: is called with the statistics of each search.
        allowance: what all searches for the plan may spend together.
        spare: names of nodes that are kept free.
        relaxed: number of failures that a service is spread for, by workload; the others as the stack asks.
    """

    def attempt(left_out: frozenset[str], first: str = "") -> Construction:
        choice = first_choice(problem, previous)
        while True:
            indexed = IndexedProblem(problem, choice, spare, relaxed, plugins, left_out)
            construction = Assigner(
                indexed=indexed,
                queue=service_order(indexed),
                standing=standing_grants(indexed, previous),
                unplaced_before=len(previous.unplaced) if previous is not None else 0,
                explain=explain,
                listener=listener,
                first=indexed.members_of(first) if first else (),
                allowance=allowance,
            ).assign()
            following = next_choice(construction, choice)
            if following is None:
                return construction
            choice = following

    construction = assign_with_whole_gangs(problem.gangs, attempt)
    bring_agents_near(construction)
    return build_plan(construction, previous)
