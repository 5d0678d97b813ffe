"""Changes between two plans: which replicas were added, removed, moved or changed, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rohe_iac.planning.model.plan import Placement, Plan


@dataclass(frozen=True, slots=True)
class Change:
    """One replica in two plans.

    Attributes:
        kind: added, removed, moved, kept, or changed (same node, but other ports, cores or devices).
        before, after: the node in each plan, "" where the replica has none.
        because: the reason, a sentence for people.
    """

    replica: str
    kind: str
    before: str
    after: str
    because: str


def difference(before: Plan | None, after: Plan) -> tuple[Change, ...]:
    """Returns the change of every replica of either plan, by address; without a plan before, everything is added."""
    old = {item.replica: item for item in before.placements} if before else {}
    new = {item.replica: item for item in after.placements}
    unplaced = {item.replica: item for item in after.unplaced}
    changes = []
    for replica in sorted(old.keys() | new.keys(), key=_natural):
        was, now = old.get(replica), new.get(replica)
        if was is None and now is not None:
            changes.append(Change(replica, "added", "", now.node, now.reason))
        elif now is None and was is not None:
            changes.append(Change(replica, "removed", was.node, "", _why_removed(replica, unplaced)))
        elif was is not None and now is not None:
            changes.append(_change_of(was, now, after))
    return tuple(changes)


def _change_of(was: Placement, now: Placement, after: Plan) -> Change:
    if was.node != now.node:
        refused = next(
            (
                f"{item.missing} on {item.node}"
                for refusals in after.refusals
                if refusals.workload == now.workload
                for item in refusals.closest
                if item.node == was.node
            ),
            "",
        )
        because = refused or now.reason
        return Change(now.replica, "moved", was.node, now.node, because)
    same = (was.variant, was.ports, was.cores, was.devices) == (now.variant, now.ports, now.cores, now.devices)
    if same:
        return Change(now.replica, "kept", was.node, now.node, "stays where it was")
    names = [name for name in ("variant", "ports", "cores", "devices") if getattr(was, name) != getattr(now, name)]
    return Change(now.replica, "changed", was.node, now.node, f"other {' and '.join(names)} on the same node")


def _why_removed(replica: str, unplaced: Mapping[str, object]) -> str:
    return "it fits on no node any more" if replica in unplaced else "the blueprint asks for it no longer"


def _natural(replica: str) -> tuple[str, int]:
    head, _, index = replica.rpartition("/")
    return (head, int(index)) if index.isdigit() else (replica, -1)
