"""Builds the Candidate values that plug-ins are called with."""

from __future__ import annotations

from rohe_iac.planning.model.keys import UNLIMITED
from rohe_iac.planning.model.plugins.protocols import Candidate, FreeAmounts
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex


def free_on(ledger: Ledger, node: NodeIndex) -> FreeAmounts:
    """Returns what is free on the node."""
    vms, row, offset = ledger.vms[node], ledger.devices[node], ledger.indexed.memory_offset
    devices = len(ledger.indexed.nodes[node].devices)
    return FreeAmounts(
        ledger.cpu[node],
        tuple(ledger.cores[node]),
        ledger.rss[node],
        _limited(vms),
        row[:devices],
        tuple([_limited(amount) for amount in row[offset : offset + devices]]) if offset else (),
        *[_limited(amount) for amount in ledger.extras[node]],
    )


def _limited(amount: int) -> int | None:
    """Returns the amount; None for one that is not checked, whatever was taken of it."""
    return None if amount >= UNLIMITED >> 1 else amount


def candidate_on(
    indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex, points: int = 0
) -> Candidate:
    """Returns the node as a candidate for one more replica of the demand. points: its total score, once it is known."""
    standing = tuple([indexed.replicas_of(other, there) for other, there in sorted(ledger.on[node].items())])
    return Candidate(indexed.nodes[node], indexed.shown[demand], free_on(ledger, node), standing, points)
