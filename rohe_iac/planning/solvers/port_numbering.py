"""Numbering: the port numbers of replicas on targets whose nodes stand for one machine."""

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
    """Ports of each placed replica, by its address, in the order that its service names them.

    replicas: placed ones with their demand. fixed: host ports of the stack, given to nobody else. ports: first and last
    of the range; None: only host ports are told. kept: what replicas had; a number is kept while it is in the range and
    free, wherever the replica has gone. The others get the lowest free numbers, by address.
    """
    first, last = ports or (1, 0)
    ordered = sorted(replicas, key=lambda item: _natural(item[0]))
    reserved = set(fixed)
    chosen: dict[tuple[str, str], int] = {}
    for replica, demand in ordered:
        wanted = {port.name for port in demand.ports if not port.host}
        for had in kept.get(replica, ()):
            if had.name in wanted and first <= had.number <= last and had.number not in reserved:
                reserved.add(had.number)
                chosen[replica, had.name] = had.number
    following = iter(number for number in range(first, last + 1) if number not in reserved)
    result = {}
    for replica, demand in ordered:
        uses = []
        for port in demand.ports:
            if port.host:
                uses.append(PortUse(port.name, port.host))
            elif ports is not None:
                number = chosen.get((replica, port.name))
                uses.append(PortUse(port.name, next(following) if number is None else number))
        result[replica] = tuple(uses)
    return result


def _natural(replica: str) -> tuple[str, int]:
    head, _, index = replica.rpartition("/")
    return (head, int(index))
