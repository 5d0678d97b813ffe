"""Claims about the sums of a node: they say what its sensitive replicas lose, each as neighbours.py has it."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from rohe_iac.planning.model.neighbours import slowdown_beside
from rohe_iac.planning.model.node_interference import TOLERATED, joined
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger

MI = 2**20


@pytest.mark.parametrize("seed", range(20))
def test_the_loss_of_a_node_is_the_sum_of_what_each_replica_loses(world: Any, seed: int) -> None:
    drawn = Random(seed)
    node = world.node("n", cpu=16_000, rss=16_384 * MI, cpu_used=drawn.choice((0, 2000)), devices=(world.gpu(),))
    demands = [
        world.demand(
            name, cpu=drawn.randint(0, 900), rss=drawn.randint(0, 900) * MI, slowdown=drawn.randint(0, 900) * 6000,
            sensitivity=drawn.choice(("cpu", "memory", "cpu+memory", "cpu+memory+accelerator")),
            devices=world.gpu_share(drawn.randint(1, 1000)),
        )
        for name in "abcd"
    ]  # fmt: skip
    indexed = IndexedProblem(world.problem([node], demands))
    interference = indexed.interference
    here = [drawn.randrange(4) for _ in range(8)]
    crowd, lost = interference.empty[0], 0
    for demand in here:
        before = interference.percent(interference.capacity[0], crowd)
        added = interference.added(demand, interference.capacity[0], crowd)
        crowd = joined(crowd, interference.of_replica[demand])
        assert interference.percent(interference.capacity[0], crowd) == before + added
    for position, demand in enumerate(here):
        neighbours = [indexed.resources[other] for other in here[:position] + here[position + 1 :]]
        lost += slowdown_beside(indexed.demands[demand], indexed.resources[demand], node, neighbours)
    assert abs(interference.loss(interference.capacity[0], crowd) - lost / 1000) <= 3 + len(here) * 0.01
    sensitive = sum(bool(any(interference.of_replica[demand][1::3])) for demand in here)
    beyond = interference.loss(interference.capacity[0], crowd) - TOLERATED * sensitive
    assert interference.percent(interference.capacity[0], crowd) == max(0, beyond) // 10


def test_a_tenth_is_tolerated_of_each_sensitive_replica(world: Any) -> None:
    demands = [world.demand("a", cpu=1000, sensitivity="cpu", slowdown=400_000), world.demand("b", cpu=1000)]
    interference = IndexedProblem(world.problem([world.node("n", cpu=4000)], demands)).interference
    alone, beside = interference.of_replica
    crowds = [joined(interference.empty[0], alone)]
    crowds += [joined(crowds[0], beside, times) for times in (1, 2)] + [joined(crowds[0], alone, 1)]
    lost = [interference.loss(interference.capacity[0], crowd) for crowd in crowds]
    assert lost == [0, 100, 200, 200]
    assert [interference.percent(interference.capacity[0], crowd) for crowd in crowds] == [0, 0, 10, 0]


def test_what_is_booked_and_released_leaves_the_crowd_as_it_was(world: Any) -> None:
    demands = [world.demand("a", cpu=500, sensitivity="cpu", slowdown=400_000), world.demand("b", cpu=700)]
    ledger = Ledger(IndexedProblem(world.problem([world.node("n", cpu_used=300)], demands)))
    empty = ledger.crowd[0]
    grants = [ledger.take(demand, 0) for demand in (0, 1, 0)]
    assert ledger.crowd[0] == (300 + 500 + 700 + 500, 800, 2 * 400 * 500, 2)
    for grant in grants:
        ledger.release(grant)
    assert ledger.crowd[0] == empty == (300, 0, 0, 0)


def test_without_a_sensitive_demand_there_is_nothing_to_sum(world: Any) -> None:
    interference = IndexedProblem(world.problem([world.node("n")], [world.demand("a", cpu=500)])).interference
    assert not interference.any
    assert interference.empty == [()]
