"""Claims about how nodes reach each other over links."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.model.supply import Wire
from rohe_iac.planning.placement.state.network.routes import Routes


def _nodes(world: Any) -> list[Any]:
    return [world.node(name, labels=(("zone", zone),)) for name, zone in (("n0", "a"), ("n1", "a"), ("n2", "b"))]


def test_the_most_specific_link_counts_and_of_those_the_fastest(world: Any) -> None:
    wires = (
        Wire("slow", ("zone/a", "zone/b"), 9_000),
        Wire("fast", ("zone/a", "zone/b"), 4_000),
        Wire("own", ("node/n0", "zone/b"), 7_000),
        Wire("down", ("node/n1", "node/n2"), 1_000, down=True),
    )
    routes = Routes(_nodes(world), wires)
    assert routes.between(0, 2) == routes.between(2, 0) == (7_000, 2)
    assert routes.between(1, 2) == (4_000, 1)
    assert routes.between(0, 1) == routes.between(0, 0) == (0, -1)
    assert routes.places == [0, 1, 2]


def test_zones_without_a_link_are_apart_once_any_link_is_declared(world: Any) -> None:
    assert Routes(_nodes(world), ()).between(0, 2) == (0, -1)
    assert Routes(_nodes(world), (Wire("a", ("zone/a", "zone/a"), 0),)).between(0, 2) is None
