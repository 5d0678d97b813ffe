"""Leftovers: what is done when the queue is through, where a replica may have to be near another.

Who has to be near one that found no place is taken back, and the room that it leaves is offered to those that are
missing, as is what came near them after their turn.
"""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.rules.affinity import near_holds
from rohe_iac.planning.solvers.construction.greedy import Construction


def repair(construction: Construction, queue: Sequence[int], objective: LexicographicObjective | None = None) -> None:
    """Leaves nobody without the neighbour that it has to be near, and nobody missing who fits somewhere.

    objective: what the attempt was searched for; where it is worth less with those who were missing, they stay so.
    """
    if not any(construction.indexed.near) and not construction.indexed.plugins.filters:
        return
    changed = drop_unsupported(construction)
    worth = _worth(construction, objective) if objective is not None else None
    again = construction.retry(queue)
    if again and objective is not None and worth is not None and _worth(construction, objective) < worth:
        construction.undo(again)
    if changed or again:
        for demand, missing in enumerate(construction.unplaced):
            if missing:
                construction.explain_again(demand)


def drop_unsupported(construction: Construction) -> bool:
    """Takes back replicas whose required neighbour did not find a place after all; says whether there were any."""
    indexed, ledger = construction.indexed, construction.ledger
    dropped, changed = False, any(indexed.near)
    while changed:
        changed = False
        for demand, rules in enumerate(indexed.near):
            for others, key in rules:
                for decision in list(construction.decisions[demand]):
                    if not near_holds(indexed, ledger, demand, others, key, decision.node, stands=True):
                        construction.drop(demand, decision)
                        changed = True
        dropped |= changed
    return dropped


def _worth(construction: Construction, objective: LexicographicObjective) -> tuple[int, ...]:
    return objective.worth((replica, grant.node) for replica, grant in construction.grants().items())
