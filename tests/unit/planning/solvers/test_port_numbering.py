"""Port numbers of replicas from the range of a stack."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.model.demand import PortRequest
from rohe_iac.planning.model.plan import PortUse
from rohe_iac.planning.solvers.port_numbering import address_key, number_ports


def numbers(ports: dict[str, tuple[PortUse, ...]]) -> dict[str, list[int]]:
    return {address: [use.number for use in uses] for address, uses in ports.items()}


def test_numbers_are_given_by_address_with_indices_as_numbers(world: Any) -> None:
    demand = world.demand("d", 11, ports=(PortRequest("http"),))
    replicas = [(f"replica/p:d/{index}", demand) for index in (10, 2, 1)]
    assert numbers(number_ports(replicas, (), (100, 200), {})) == {
        "replica/p:d/1": [100], "replica/p:d/2": [101], "replica/p:d/10": [102],
    }  # fmt: skip
    assert address_key("replica/p:d/10") == ("replica/p:d", 10)


def test_a_replica_keeps_its_number_while_it_is_free_and_in_the_range(world: Any) -> None:
    demand = world.demand("d", 3, ports=(PortRequest("http"), PortRequest("fixed", 101)))
    replicas = [(f"replica/p:d/{index}", demand) for index in range(3)]
    kept = {
        "replica/p:d/0": (PortUse("http", 101),),
        "replica/p:d/1": (PortUse("http", 102),),
        "replica/p:d/2": (PortUse("http", 99),),
    }
    found = numbers(number_ports(replicas, {101}, (100, 200), kept))
    assert [found[f"replica/p:d/{index}"] for index in range(3)] == [[100, 101], [102, 101], [103, 101]]


def test_without_a_range_only_host_ports_are_returned(world: Any) -> None:
    demand = world.demand("d", ports=(PortRequest("http"), PortRequest("fixed", 8080)))
    assert numbers(number_ports([("replica/p:d/0", demand)], {8080}, None, {})) == {"replica/p:d/0": [8080]}
