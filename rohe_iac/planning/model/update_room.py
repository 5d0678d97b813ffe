"""Update room: what is kept free so that a service can be updated, as demands that the planner places like replicas.

An update starts a new replica before it ends an old one (`maxSurge` of Kubernetes), on any node that can take it. Only
amounts and the rules about a node itself bind the room: beside which others the new replica may be is decided when the
old one is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import ROOM


def rooms_of(demands: Sequence[Demand], choice: Mapping[str, int]) -> Iterator[Demand]:
    """Yields the room that services ask for, as demands.

    Args:
        demands: The demands of the problem.
        choice: Position of the chosen variant, by workload.
    """
    for demand in demands:
        if not demand.update_room or not demand.replicas or demand.system:
            continue
        variants = demand.variants
        yield Demand(
            workload=f"{ROOM}/{demand.workload.partition('/')[2]}",
            replica=f"{ROOM}/{demand.replica.partition('/')[2]}",
            slug=f"{demand.slug}-{ROOM}",
            pipeline=demand.pipeline,
            service=demand.service,
            member=demand.member,
            replicas=demand.update_room,
            resources=variants[choice.get(demand.workload, 0)].resources if variants else demand.resources,
            arch=demand.arch,
            priority=demand.priority,
            selector=demand.selector,
            matches=demand.matches,
            tolerations=demand.tolerations,
            room=True,
        )
