"""Decoding of numbers by node into grants, with distinct cores for every replica."""

from __future__ import annotations

from typing import Any

import pytest
from drawing import generator

from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.exact.decode import CoreMatching, decode


@pytest.mark.parametrize("seed", range(20))
def test_any_uses_of_cores_are_shared_out_to_replicas_with_distinct_cores(seed: int) -> None:
    draw = generator(seed)
    chunks, cores, replicas = 3, 5, 4
    uses = {(chunk, core): 0 for chunk in range(chunks) for core in range(cores)}
    for _ in range(replicas):
        for chunk, core in enumerate(draw.sample(range(cores), chunks)):
            uses[chunk, core] += 1
    for replicas_left in range(replicas, 0, -1):
        pairs = CoreMatching(uses, chunks, cores, replicas_left).pairs()
        assert [chunk for chunk, _ in pairs] == [0, 1, 2]
        assert len({core for _, core in pairs}) == chunks
        for pair in pairs:
            uses[pair] -= 1
    assert set(uses.values()) == {0}


def test_replicas_keep_their_node_and_new_ones_come_before_those_that_move(world: Any) -> None:
    demand = world.demand("d", 4, cpu=100, cores=(100,))
    indexed = IndexedProblem(world.problem([world.node("n0"), world.node("n1")], [demand]))
    kept = {(0, 0): 1, (0, 1): 1}
    counts, cores = {(0, 0): 1, (0, 1): 1}, {(0, 0, 0, 2): 1, (0, 1, 0, 3): 1}
    grants = decode(indexed, kept, counts, cores, {})
    # Index 0 stays; index 1 had a node too, so that index 2, which is new, gets the place that is left.
    assert {index: (grant.node, grant.cores) for (_, index), grant in grants.items()} == {
        0: (1, ((3, 100),)),
        2: (0, ((2, 100),)),
    }


def test_a_grant_names_the_devices_and_shares_that_it_uses(world: Any) -> None:
    node = world.node("n0", devices=(world.gpu("A", exclusive=True), world.gpu("B")))
    demand = world.demand("d", 2, devices=world.gpu_share(2500))
    indexed = IndexedProblem(world.problem([node], [demand]))
    grants = decode(indexed, {}, {(0, 0): 2}, {}, {(0, 0, 0, 0): 1, (0, 0, 0, 1): 1})
    assert [grant.devices for grant in grants.values()] == [((0, 10_000),), ((1, 2500),)]
