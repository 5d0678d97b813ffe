"""Priorities: a PriorityClass for each priority of a stack, in whose order the cluster starts and evicts."""

from __future__ import annotations


def priority_class(namespace: str, stack: str, priority: int) -> str:
    """Returns the name of the class of a priority; "" for 0, which is what pods have without a class.

    Classes belong to the whole cluster and their values never change, so the name has all that tells them apart.
    Neither namespaces nor stacks have a dot in theirs.
    """
    if not priority:
        return ""
    return f"rohe.{namespace}.{stack}.{'minus-' if priority < 0 else ''}{abs(priority)}"
