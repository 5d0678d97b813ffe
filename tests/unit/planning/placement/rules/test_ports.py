"""The rule about ports: host ports of a node and of one machine, numbers of the range, and the same as masks."""

from __future__ import annotations

from typing import Any

from drawing import generator

from rohe_iac.planning.model.demand import PortRequest
from rohe_iac.planning.placement.rules.ports import PORTS, ports_clash
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger

HTTP = PortRequest("http", 8080)


def test_the_words_name_the_port_that_is_taken_or_the_numbers_that_are_left(world: Any) -> None:
    demands = [
        world.demand("a", ports=(HTTP,)),
        world.demand("b", ports=(PortRequest("x", 9000), PortRequest("y", 9000))),
        world.demand("c", ports=(PortRequest("x"), PortRequest("y"), PortRequest("z"))),
    ]
    indexed = IndexedProblem(world.problem([world.node("n1"), world.node("n2")], demands, ports=(42000, 42001)))
    ledger = Ledger(indexed)
    ledger.take(0, 0)
    assert [ports_clash(indexed, ledger, 0, node) for node in (0, 1)] == [True, False]
    assert PORTS.words(indexed, ledger, 0, 0) == "ports: host port 8080 is taken"
    assert ports_clash(indexed, ledger, 1, 0)
    assert PORTS.words(indexed, ledger, 1, 0) == "ports: one host port is asked for twice"
    assert ports_clash(indexed, ledger, 2, 0)
    assert PORTS.words(indexed, ledger, 2, 0) == "ports: 3 asked, 2 left in the range"


def test_on_one_machine_a_host_port_is_taken_on_every_node(world: Any) -> None:
    nodes = [world.node("n1"), world.node("n2")]
    indexed = IndexedProblem(world.problem(nodes, [world.demand("a", ports=(HTTP,))], one_machine=True))
    ledger = Ledger(indexed)
    ledger.take(0, 0)
    assert [ports_clash(indexed, ledger, 0, node) for node in (0, 1)] == [True, True]


def test_masks_refuse_the_same_nodes(world: Any, coupling_agreement: Any) -> None:
    found = set()
    for seed in range(8):
        drawn = generator(seed)
        choices = [(), (HTTP,), (PortRequest("x"),), (PortRequest("x", 9000), PortRequest("y", 9000))]
        demands = [world.demand(name, 2, ports=drawn.choice(choices)) for name in "abcd"]
        nodes = [world.node(f"n{i}") for i in range(3)]
        settings = {"one_machine": seed % 2 == 1, "ports": drawn.choice([None, (42000, 42001)])}
        found |= set(coupling_agreement(world.problem(nodes, demands, **settings), seed))
    assert {"", "ports"} == found
