"""Claims about node loads: values that each exist once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.local_search.packing.node_load import FULL, NodeLoads
from rohe_iac.planning.solvers.local_search.params import DEFAULT_PARAMS


def loads_of(world: Any, **params: int) -> NodeLoads:
    """Returns the loads of two alike nodes and a larger one, for a demand with cores and one with a device."""
    gpu = (world.gpu(),)
    nodes = [
        world.node("n1", cpu=2000, devices=gpu),
        world.node("n2", cpu=2000, devices=gpu),
        world.node("n3", cpu=4000),
    ]
    demands = [
        world.demand("a", 4, cpu=500, rss=2**20, cores=(600, 200)),
        world.demand("b", 2, cpu=100, devices=world.gpu_share(5000)),
    ]
    indexed = IndexedProblem(world.problem(nodes, demands))
    return NodeLoads(indexed, Ledger(indexed), replace(DEFAULT_PARAMS, **params))


def test_alike_nodes_share_their_loads(world: Any) -> None:
    loads = loads_of(world)
    assert loads.classes == [0, 0, 1]
    assert loads.base[0] is loads.base[1]
    assert loads.step(loads.base[0], 0)[0] is loads.step(loads.base[1], 0)[0]


def test_a_replica_more_and_the_same_less_is_the_very_load_before(world: Any) -> None:
    loads = loads_of(world)
    for demand in (0, 1):
        base = loads.base[0]
        after, item = loads.step(base, demand)
        assert after.free != base.free
        assert after.residual == loads.residual_after(base, demand) == base.residual - loads.shares[0][demand]
        assert loads.without(after, item) is base


def test_what_does_not_fit_leaves_less_than_any_residual(world: Any) -> None:
    loads = loads_of(world)
    assert loads.residual_after(loads.base[2], 1) == FULL
    load = loads.base[0]
    for _ in range(2):
        load, _ = loads.step(load, 1)
    assert loads.residual_after(load, 1) == FULL
    assert load.residuals_after == {1: FULL}


def test_a_repacked_node_holds_as_much_as_one_that_was_filled_step_by_step(world: Any) -> None:
    loads = loads_of(world)
    base = loads.base[0]
    first, item = loads.step(base, 0)
    assert loads.fits_in_sum(first, 0)
    assert not loads.fits_in_sum(first, 1)
    found = loads.repack(base, [item], 0)
    assert found is not None
    load, items = found
    assert [item[0] for item in items] == [0, 0]
    second, _ = loads.step(first, 0)
    assert (load.free[:3], load.load, load.residual) == (second.free[:3], second.load, second.residual)
    assert loads.repack(base, [item], 0) is found


def test_loads_that_are_too_many_are_forgotten_and_worked_out_anew(world: Any) -> None:
    few, many = loads_of(world, max_cached_loads=1), loads_of(world)
    for loads, remembered in ((few, False), (many, True)):
        load, items = loads.base[2], []
        for _ in range(4):
            load, item = loads.step(load, 0)
            items.append(item)
        assert load.free[0] == 2000
        for item in items:
            load = loads.without(load, item)
        assert (load is loads.base[2]) == remembered
        assert (load.free, load.residual, load.load) == (
            loads.base[2].free,
            loads.base[2].residual,
            loads.base[2].load,
        )
