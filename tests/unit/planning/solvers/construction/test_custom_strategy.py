"""A plugged-in strategy picks nodes from the heap of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from rohe_iac.planning.model.plugins.protocols import Candidate, Origin, Plugin, Plugins
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.construction.custom_strategy import pick
from rohe_iac.planning.solvers.construction.greedy import Construction


def last_by_name(candidates: Sequence[Candidate]) -> str:
    return max(candidate.node.name for candidate in candidates)


def test_the_strategy_picks_each_node_and_then_the_runner_up_among_the_others(world: Any) -> None:
    strategy = Plugin("strategy", "last_by_name", Origin("m.py:last_by_name", "m.py:1"), last_by_name)
    nodes = [world.node(f"n{number}", cpu=1000) for number in range(3)]
    indexed = IndexedProblem(
        world.problem(nodes, [world.demand("d", 3, cpu=600)]), None, frozenset(), {}, Plugins(strategy=strategy)
    )
    assert pick(indexed, Ledger(indexed), 0, [(0, 5), (1, 9)]) == 1
    (decisions,) = Construction(indexed, "best-fit").run([0], {}).decisions
    assert [(decision.node, decision.runner_up) for decision in decisions] == [(2, 1), (1, 0), (0, -1)]


def test_without_a_plugged_in_strategy_there_is_nothing_to_pick_with(world: Any) -> None:
    indexed = IndexedProblem(world.problem([world.node("n")], [world.demand("d")]))
    with pytest.raises(ValueError, match="no strategy"):
        pick(indexed, Ledger(indexed), 0, [(0, 1)])
