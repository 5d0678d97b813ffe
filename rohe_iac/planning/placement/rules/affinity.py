"""The rules `avoid` and `near`: which other services share a domain of a topology key with a replica."""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.placement.rules.rule import Closed, ClosedDomains, CouplingGroup, CouplingRule, OpenDomains
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex


def avoided_is_there(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> bool:
    """Checks whether the node's domain has a service to stay away from, or the node lacks the label of a domain."""
    for key in indexed.avoid_keys[demand]:
        if indexed.domains[key][node] < 0:
            return True
    for other, key in indexed.avoid[demand]:
        domain = indexed.domains[key][node]
        if domain >= 0 and ledger.counts[other][key][domain]:
            return True
    return False


def _avoid_words(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> str:
    for key in indexed.avoid_keys[demand]:
        if indexed.domains[key][node] < 0:
            return f"avoid: the node has no label {key}"
    for other, key in indexed.avoid[demand]:
        domain = indexed.domains[key][node]
        if domain >= 0 and ledger.counts[other][key][domain]:
            return f"avoid: {indexed.demands[other].workload} is in this {key}"
    return "avoid"


def near_holds(
    indexed: IndexedProblem,
    ledger: Ledger,
    demand: DemandIndex,
    others: tuple[DemandIndex, ...],
    key: str,
    node: NodeIndex,
    *,
    stands: bool = False,
) -> bool:
    """Checks whether the node shares a domain with a replica of one of the other services.

    The first of a group of services that are near each other, or near themselves, may go anywhere.

    Args:
        others: positions of the demands of which one has to be near.
        key: the topology key of the domain.
        stands: whether the replica is on the node already; it is not near itself.
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


def lacks_neighbour(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> bool:
    """Checks whether a service that a new replica has to be near is missing from the node's domain."""
    # A loop takes half as long as a generator, and the search asks this for every node that it tries.
    for others, key in indexed.near[demand]:  # noqa: SIM110
        if not near_holds(indexed, ledger, demand, others, key, node):
            return True
    return False


def _near_words(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> str:
    rules = [rule for rule in indexed.demands[demand].near if rule.required]
    for (others, key), rule in zip(indexed.near[demand], rules, strict=True):
        if not near_holds(indexed, ledger, demand, others, key, node):
            if rule.volume:
                return f"near: the volume {rule.volume} (ReadWriteOnce) is mounted on another node"
            names = " or ".join(indexed.demands[other].workload for other in others) or "a service without replicas"
            return f"near: {names} is not in this {key}"
    return "near"


def _closes(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex) -> Sequence[tuple[str, Closed]]:
    closed: list[tuple[str, Closed]] = []
    for key in indexed.avoid_keys[demand]:
        if key != NODE_KEY:
            closed.append(("avoid", ClosedDomains(key, (), unlabelled=True)))
    for other, key in indexed.avoid[demand]:
        if ledger.placed[other]:
            taken = _domains_with(indexed, ledger, (other,), key)
            closed.append(("avoid", ClosedDomains(key, taken, unlabelled=False)))
    for others, key in indexed.near[demand]:
        if any(ledger.placed[other] for other in others):
            closed.append(("near", OpenDomains(key, _domains_with(indexed, ledger, others, key))))
        else:
            first = any(other == demand or other in ledger.pending for other in others)
            closed.append(("near", OpenDomains(key, None if first else ())))
    return closed


def _domains_with(indexed: IndexedProblem, ledger: Ledger, others: tuple[DemandIndex, ...], key: str) -> set[int]:
    """Returns the domains of the key that have a replica of one of the services."""
    domains = indexed.domains[key]
    found = {domains[node] for other in others for node in ledger.placed[other]}
    found.discard(-1)
    return found


AVOID = CouplingRule("avoid", avoided_is_there, _avoid_words)
NEAR = CouplingRule("near", lacks_neighbour, _near_words)

AFFINITY_RULES = CouplingGroup((AVOID, NEAR), _closes)
