"""Repair: what is done after a pass where rules tie replicas to others, or a filter is plugged in, and after a search.

A replica whose required neighbour was not placed is dropped, and one of a domain that has too many replicas beside
another. The unplaced replicas are then tried again, because the dropped ones left room, because a neighbour may have
been placed after their turn, and because the last moves of a search may have made room.
"""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.rules.affinity import near_holds
from rohe_iac.planning.placement.state.positions import DemandIndex, enumerate_demands
from rohe_iac.planning.solvers.construction.greedy import Construction


def repair(
    construction: Construction, queue: Sequence[DemandIndex], objective: LexicographicObjective | None = None
) -> None:
    """Drops replicas that others leave alone or too many, then retries all unplaced replicas until none fits.

    Args:
        construction: the pass; changed in place.
        queue: the demands in service order.
        objective: the objective of the search that found the assignment; where the retried replicas make the
            assignment worth less, they are taken back.
    """
    indexed = construction.indexed
    ties = any(indexed.near) or indexed.plugins.filters or indexed.skews.any_required
    # A search may end before it has tried every replica in the room that its last moves made.
    if not ties and (objective is None or not any(construction.unplaced)):
        return
    dropped = drop_unsupported(construction)
    worth = construction.worth(objective) if objective is not None else None
    retried = construction.retry(queue)
    if retried and objective is not None and worth is not None and construction.worth(objective) < worth:
        construction.undo(retried)
    if dropped or retried:
        for demand, missing in enumerate_demands(construction.unplaced):
            if missing:
                construction.explain_again(demand)


def drop_unsupported(construction: Construction) -> bool:
    """Drops replicas whose required neighbour was not placed, and those that need them, and such as are too many.

    Returns:
        Whether any was dropped.
    """
    indexed, ledger = construction.indexed, construction.ledger
    dropped, changed = False, bool(any(indexed.near) or indexed.skews.any_required)
    while changed:
        changed = _drop_skewed(construction)
        for demand, rules in enumerate_demands(indexed.near):
            for others, key in rules:
                for decision in list(construction.decisions[demand]):
                    if not near_holds(indexed, ledger, demand, others, key, decision.node, stands=True):
                        construction.drop(demand, decision)
                        changed = True
        dropped |= changed
    return dropped


def _drop_skewed(construction: Construction) -> bool:
    """Drops replicas of domains that have too many beside the one with fewest; returns whether any was dropped."""
    indexed, dropped = construction.indexed, False
    for demand in indexed.demand_indices if indexed.skews.any_required else ():
        while (found := indexed.skews.overfull(construction.ledger, demand)) is not None:
            key, domain = found
            there = [
                decision for decision in construction.decisions[demand] if indexed.domains[key][decision.node] == domain
            ]
            # A replica that runs already is dropped last.
            construction.drop(demand, max(there, key=lambda decision: (not decision.kept, decision.index)))
            dropped = True
    return dropped
