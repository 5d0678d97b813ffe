"""Leftovers: what is done when the queue is through, where a replica may have to be near another.

Who has to be near one that found no place is taken back, and the room that it leaves is offered to those that are
missing, as is what came near them after their turn.
"""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.planning.placement.objective.objective import Objective
from rohe_iac.planning.placement.rules.affinity import near_holds
from rohe_iac.planning.solvers.construction.greedy import Attempt


def finish(attempt: Attempt, queue: Sequence[int], objective: Objective | None = None) -> None:
    """Leaves nobody without the neighbour that it has to be near, and nobody missing who fits somewhere.

    objective: what the attempt was searched for; where it is worth less with those who were missing, they stay so.
    """
    if not any(attempt.layout.near) and not attempt.layout.extensions.filters:
        return
    changed = drop_lonely(attempt)
    worth = _worth(attempt, objective) if objective is not None else None
    again = attempt.retry(queue)
    if again and objective is not None and worth is not None and _worth(attempt, objective) < worth:
        attempt.give_up(again)
    if changed or again:
        for demand, missing in enumerate(attempt.missing):
            if missing:
                attempt.explain_anew(demand)


def drop_lonely(attempt: Attempt) -> bool:
    """Takes back replicas whose required neighbour did not find a place after all; says whether there were any."""
    layout, ledger = attempt.layout, attempt.ledger
    dropped, changed = False, any(layout.near)
    while changed:
        changed = False
        for demand, rules in enumerate(layout.near):
            for others, key in rules:
                for decision in list(attempt.decisions[demand]):
                    if not near_holds(layout, ledger, demand, others, key, decision.node, stands=True):
                        attempt.drop(demand, decision)
                        changed = True
        dropped |= changed
    return dropped


def _worth(attempt: Attempt, objective: Objective) -> tuple[int, ...]:
    return objective.worth((replica, grant.node) for replica, grant in attempt.grants().items())
