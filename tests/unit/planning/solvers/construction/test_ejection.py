"""Claims about replicas that make room for others by moving on."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.model.demand import AffinityRule, SkewRule
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.construction.ejection import MAX_CHECKS, Ejection


def ejecting(
    world: Any, sizes: dict[str, int], nodes: list[int], on: dict[str, int], max_checks: int = MAX_CHECKS, **rules: Any
) -> Any:
    """Returns nodes of these millicores with services of one replica on them, and a function that places another."""
    demands = [world.demand(name, cpu=cpu, **rules.get(name, {})) for name, cpu in sizes.items()]
    supplies = [world.node(f"n{number}", cpu=cpu, cores=()) for number, cpu in enumerate(nodes)]
    indexed = IndexedProblem(world.problem(supplies, demands))
    ledger = Ledger(indexed)
    grants = {}
    for name, node in on.items():
        demand = indexed.index[f"service/p:{name}"]
        grants[demand, 0] = ledger.take(demand, node)
    chain = Ejection(indexed, grants, max_checks=max_checks)

    def place(name: str) -> dict[str, int] | None:
        if not chain.place((indexed.index[f"service/p:{name}"], 0)):
            return None
        return {indexed.demands[demand].service: grant.node for (demand, _), grant in chain.grants.items()}

    return place


def test_a_replica_that_fits_moves_nobody(world: Any) -> None:
    place = ejecting(world, {"a": 600, "new": 400}, [1000, 1000], {"a": 0})
    assert place("new") == {"a": 0, "new": 0}


def test_one_replica_moves_on_and_then_another_for_it(world: Any) -> None:
    one = ejecting(world, {"a": 300, "b": 700, "new": 800}, [1000, 1000], {"a": 0, "b": 1})
    assert one("new") == {"a": 1, "b": 1, "new": 0}
    two = ejecting(world, {"a": 500, "b": 300, "c": 800, "new": 900}, [900, 700, 1100], {"a": 0, "b": 1, "c": 2})
    assert two("new") == {"a": 1, "b": 2, "c": 2, "new": 0}


def test_two_replicas_of_a_node_move_on_for_a_large_one(world: Any) -> None:
    place = ejecting(
        world,
        {"a": 400, "b": 400, "c": 600, "d": 600, "new": 900},
        [1000, 1000, 1000],
        {"a": 0, "b": 0, "c": 1, "d": 2},
    )
    assert place("new") == {"a": 1, "b": 2, "c": 1, "d": 2, "new": 0}


def test_where_no_chain_helps_everything_stays_as_it_is(world: Any) -> None:
    sizes, on = {"a": 600, "b": 600, "new": 600, "small": 400}, {"a": 0, "b": 1}
    place = ejecting(world, sizes, [1000, 1000], on)
    assert place("new") is None
    assert place("small") == {"a": 0, "b": 1, "small": 0}


def test_a_replica_that_others_have_to_be_near_stays(world: Any) -> None:
    near = (AffinityRule(("service/p:a",), "node"),)
    sizes, on = {"a": 300, "b": 700, "follower": 100, "new": 700}, {"a": 0, "follower": 0, "b": 1}
    place = ejecting(world, sizes, [1000, 1000], on, follower={"near": near})
    assert place("new") is None


def test_the_number_of_checks_is_bounded(world: Any) -> None:
    place = ejecting(world, {"a": 300, "b": 700, "new": 800}, [1000, 1000], {"a": 0, "b": 1}, max_checks=1)
    assert place("new") is None


def test_a_replica_whose_service_is_spread_evenly_stays(world: Any) -> None:
    even = {"skews": (SkewRule("node", 1),)}
    place = ejecting(world, {"a": 300, "b": 700, "new": 800}, [1000, 1000], {"a": 0, "b": 1}, a=even, b=even)
    assert place("new") is None
