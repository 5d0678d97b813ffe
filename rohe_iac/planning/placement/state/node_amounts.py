"""Amounts that are free on one node, as a value."""

from __future__ import annotations

from typing import NamedTuple

from rohe_iac.planning.model.demand import Resources
from rohe_iac.planning.placement.state.amounts import Row
from rohe_iac.planning.placement.state.core_assignment import cores_fit


class NodeAmounts(NamedTuple):
    """What is free on one node.

    Attributes:
        cpu: Millicores.
        rss: Bytes of resident memory.
        vms: Bytes of virtual memory; UNLIMITED where it is not checked.
        cores: Millicores of each core, the largest first.
        devices: Basis points of each device, by position.
        extras: Bytes of disk and bits a second of network, UNLIMITED where one is not checked; empty where no demand of
            the problem asks for any.
    """

    cpu: int
    rss: int
    vms: int
    cores: Row
    devices: Row
    extras: Row = ()

    def refusal(self, asked: Resources) -> str:
        """Returns the first of cpu, cores, rss, vms and extras that is too little for a replica, or an empty word.

        Devices are not looked at: whether they fit depends on what they are (see device_assignment.py).
        """
        if asked.cpu > self.cpu:
            return "cpu"
        if asked.cores and not cores_fit(asked.cores, self.cores):
            return "cores"
        if asked.rss > self.rss:
            return "rss"
        if asked.vms is not None and asked.vms > self.vms:
            return "vms"
        return lacking_extra(asked, self.extras) if self.extras else ""

    def take(self, asked: Resources, cores: Row, devices: Row) -> NodeAmounts:
        """Returns what is free once a replica has taken what it asks for.

        Args:
            asked: What the replica asks for.
            cores: The free cores after that, the largest first.
            devices: The free devices after that.
        """
        extras = less_extras(self.extras, asked) if self.extras else ()
        return NodeAmounts(
            self.cpu - asked.cpu, self.rss - asked.rss, self.vms - (asked.vms or 0), cores, devices, extras
        )


def less_extras(extras: Row, asked: Resources, times: int = 1) -> Row:
    """Returns the extras that are free after so many replicas took theirs; -1 gives them back."""
    return (extras[0] - times * asked.disk, extras[1] - times * asked.network)


def lacking_extra(asked: Resources, extras: Row) -> str:
    """Returns the first of disk and network that is too little for a replica, or an empty word."""
    if asked.disk and asked.disk > extras[0]:
        return "disk"
    return "network" if asked.network and asked.network > extras[1] else ""
