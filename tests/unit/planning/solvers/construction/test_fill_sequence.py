"""What happens to a node as it fills up with replicas of one demand."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.construction.fill_sequence import FillSequences


def test_each_step_is_what_the_ledger_grants_and_the_scoring_gives(world: Any) -> None:
    node = world.node("n", cpu=4000, cores=(1000, 900, 800), devices=(world.gpu(),))
    demand = world.demand("d", 9, cpu=700, rss=2**30, cores=(400,), devices=world.gpu_share(3000))
    indexed = IndexedProblem(world.problem([node], [demand]))
    ledger = Ledger(indexed)
    scoring = Scoring(indexed, ledger, "best-fit")
    sequences = FillSequences(indexed, ledger, scoring, 0)
    sequence = sequences.of(0, -1)
    assert sequences.takes(sequence, 2) == 2
    assert sequences.takes(sequence, 9) == 3
    for score, parts, cores, devices in sequence.steps:
        assert (score, parts) == (scoring.total(0, 0), scoring.parts(0, 0))
        grant = ledger.take(0, 0)
        assert (cores, devices) == (grant.cores, grant.devices)


def test_nodes_of_one_class_and_state_share_a_sequence(world: Any) -> None:
    nodes = [world.node("n0"), world.node("n1"), world.node("n2", cpu=9000)]
    indexed = IndexedProblem(world.problem(nodes, [world.demand("d", 3, cpu=700), world.demand("e", cpu=10)]))
    ledger = Ledger(indexed)
    sequences = FillSequences(indexed, ledger, Scoring(indexed, ledger, "best-fit"), 0)
    first = sequences.of(0, -1)
    assert sequences.of(1, -1) is first
    assert sequences.of(2, -1) is not first
    ledger.take(1, 1)
    assert sequences.of(1, -1) is not first
