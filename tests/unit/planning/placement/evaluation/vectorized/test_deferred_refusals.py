"""Deferred refusals: a batch of snapshots gives what `shortage` gives node by node, as things were at each."""

from __future__ import annotations

from typing import Any

import numpy as np

from rohe_iac.planning.placement.evaluation.vectorized import deferred_refusals
from rohe_iac.planning.placement.evaluation.vectorized.deferred_refusals import DeferredRefusals
from rohe_iac.planning.placement.evaluation.vectorized.devices import DeviceArrays
from rohe_iac.planning.placement.evaluation.vectorized.node_states import NodeStates
from rohe_iac.planning.placement.evaluation.vectorized.scores import VectorizedScores
from rohe_iac.planning.placement.evaluation.vectorized.shortfalls import LARGE, Columns, RequestArrays
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def test_refusals_are_those_of_the_time_of_their_snapshot(filled: Any, both_evaluators: Any, monkeypatch: Any) -> None:
    for batch in (2, 64):
        monkeypatch.setattr(deferred_refusals, "BATCH", batch)
        for seed in range(6):
            indexed, ledger = filled(seed)
            scalar, _ = both_evaluators(indexed, ledger)
            states = NodeStates(indexed, ledger, Scoring(indexed, ledger, "best-fit"))
            deferred = DeferredRefusals(indexed, states, DeviceArrays(indexed))
            for demand in range(len(indexed.demands)):
                evaluation = scalar.evaluate(demand, 0, explain=True)
                scalar.record_refusals(evaluation)
                deferred.add(demand)
                node = next((node for node, passes in enumerate(evaluation.passes) if passes), -1)
                if node >= 0:
                    ledger.take(demand, node)
                    states.move([node])
            assert len(deferred) == len(indexed.demands) % batch
            assert deferred.collect() == scalar.collected_refusals()
            assert len(deferred) == 0


def test_scores_of_states_are_those_of_their_nodes(filled: Any) -> None:
    for strategy in ("best-fit", "worst-fit", "dot-product", "fragmentation"):
        indexed, ledger = filled(5)
        scoring = Scoring(indexed, ledger, strategy)
        states = NodeStates(indexed, ledger, scoring)
        scores = VectorizedScores(indexed, scoring, states, DeviceArrays(indexed))
        for demand in range(len(indexed.demands)):
            found = scores.of(demand, states.table, states.sizes[: states.used] > 0)
            fitting = [node for node in range(len(indexed.nodes)) if ledger.cpu[node] >= indexed.resources[demand].cpu]
            for node in fitting:
                if all(
                    request.share <= max(ledger.devices[node], default=0)
                    for request in indexed.resources[demand].devices
                ):
                    assert found[states.state(node)] == scoring.total(demand, node), (strategy, demand, node)


def test_large_amounts_are_summed_in_whole_numbers(world: Any) -> None:
    indexed = IndexedProblem(world.problem([world.node("n1")], [world.demand("d", rss=LARGE), world.demand("e")]))
    states = NodeStates(indexed, Ledger(indexed), Scoring(indexed, Ledger(indexed), "best-fit"))
    columns = Columns(states.table, states.devices, np.array([[0]]))
    kinds = [
        RequestArrays(indexed, DeviceArrays(indexed), [demand]).shortfalls(columns, exact=False).missing.dtype.kind
        for demand in (0, 1)
    ]
    assert kinds == ["i", "f"]
