"""Port numbering: the port numbers of replicas, from a range of the stack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import PortUse


def number_ports(
    replicas: Iterable[tuple[str, Demand]],
    fixed: Iterable[int],
    ports: tuple[int, int] | None,
    kept: Mapping[str, tuple[PortUse, ...]],
) -> dict[str, tuple[PortUse, ...]]:
    """Returns the ports of each placed replica by its address, in the order in which its service names them.

    A replica keeps a number that it had while the number is in the range and free, wherever the replica is placed now.
    The other ports get the lowest free numbers, by address.

    Args:
        replicas: address and demand of each placed replica.
        fixed: host ports of the stack, which no other port gets.
        ports: first and last number of the range; None: only host ports are returned.
        kept: ports that replicas had, by address.
    """
    first, last = ports or (1, 0)
    ordered = sorted(replicas, key=lambda replica: address_key(replica[0]))
    reserved = set(fixed)
    kept_numbers: dict[tuple[str, str], int] = {}
    for address, demand in ordered:
        wanted = {port.name for port in demand.ports if not port.host}
        for use in kept.get(address, ()):
            if use.name in wanted and first <= use.number <= last and use.number not in reserved:
                reserved.add(use.number)
                kept_numbers[address, use.name] = use.number
    free = iter(number for number in range(first, last + 1) if number not in reserved)
    numbered = {}
    for address, demand in ordered:
        uses = []
        for port in demand.ports:
            if port.host:
                uses.append(PortUse(port.name, port.host))
            elif ports is not None:
                number = kept_numbers.get((address, port.name))
                uses.append(PortUse(port.name, next(free) if number is None else number))
        numbered[address] = tuple(uses)
    return numbered


def address_key(address: str) -> tuple[str, int]:
    """Returns the sort key of a replica's address: its demand's address, then its index as a number."""
    demand, _, index = address.rpartition("/")
    return (demand, int(index))
