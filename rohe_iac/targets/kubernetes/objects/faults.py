"""Faults: what of a stack is absent, is being deleted, does not run, is damaged or is not of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rohe_iac.deployment.ports import Live
from rohe_iac.targets.kubernetes.object import ClusterObject, Key


def faults_of(
    wanted: Iterable[tuple[str, ClusterObject]],
    present: Mapping[Key, ClusterObject],
    parts: Iterable[Live],
    damaged: Mapping[str, str],
    strays: Iterable[ClusterObject],
) -> dict[str, str]:
    """Returns what is amiss by address, and by name of objects that no manifest asks for.

    Args:
        wanted: The objects of the plan, each with the address of the stack's part that it is for.
        present: The objects of the stack in the cluster.
        parts: The parts of the stack.
        damaged: What is wrong with the values of Secrets, by address.
        strays: Objects of the stack that are not of the plan.
    """
    found: dict[str, list[str]] = {}
    for address, item in wanted:
        there = present.get(item.key)
        found.setdefault(address, []).append(there.ending_words if there is not None else f"{item} is absent")
    for part in parts:
        if part.state not in ("running", "done"):
            found.setdefault(part.address, []).append(": ".join(filter(None, (f"is {part.state}", part.detail))))
    for address, words in damaged.items():
        found.setdefault(address, []).append(words)
    found |= {str(item): ["is not of the plan"] for item in strays}
    return {address: "; ".join(filter(None, words)) for address, words in sorted(found.items()) if any(words)}
