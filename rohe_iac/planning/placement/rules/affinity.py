"""The rule `near`: whether a required neighbour stands in the domain."""

from __future__ import annotations

from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def near_holds(
    indexed: IndexedProblem,
    ledger: Ledger,
    demand: int,
    others: tuple[int, ...],
    key: str,
    node: int,
    *,
    stands: bool = False,
) -> bool:
    """Whether the node shares a domain with one of the others. stands: the replica is there, and is not near itself.

    The first of a group whose members are near each other, or near themselves, may go anywhere.
    """
    domain = indexed.domains[key][node]
    if domain < 0:
        return False
    itself = int(stands and demand in others)
    if not any(ledger.placed[other] for other in others) or (
        itself and sum(sum(ledger.placed[other].values()) for other in others) == 1
    ):
        return any(other == demand or other in ledger.pending for other in others)
    return sum(ledger.counts[other][key][domain] for other in others) > itself
