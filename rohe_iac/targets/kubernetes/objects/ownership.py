"""Ownership: objects of other stacks that a plan would take over, found before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.quantities import counted
from rohe_iac.manifests.kubernetes.labels import MANAGED_BY, STACK
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.object import NAMESPACE_LABEL, PROJECT, ClusterObject, Key

NAMED = 8
"""Objects that a message names of those that there are."""


class OfAnotherStack(RoheError):
    """Objects that the plan would make belong to another stack already."""

    exit_code = ExitCode.POLICY


def refuse_objects_of_others(
    server: ApiServer, owner: Mapping[str, str], namespace: str, wanted: Mapping[Key, str]
) -> None:
    """Raises where an object that the plan wants carries the labels of another stack.

    Server-side apply would take the object over, since all stacks write as one field manager.

    Args:
        server: The API server.
        owner: The labels of the stack's objects: its name, its project, and the namespace of objects that are in none.
        namespace: The namespace of the stack.
        wanted: Addresses by the keys of the plan's objects.

    Raises:
        OfAnotherStack: There are such objects; the detail names each with its stack.
    """
    taken = [
        f"{found}, for {wanted[found.key]}: belongs to {_stack_of(found)}"
        for found in _managed(server, namespace, wanted)
        if found.key in wanted and any(found.labels.get(label, value) != value for label, value in owner.items())
    ]
    if taken:
        more = [f"and {len(taken) - NAMED} more"] if len(taken) > NAMED else []
        raise OfAnotherStack(
            f"{counted(len(taken), 'object')} of the plan would replace those of another stack, so nothing was changed",
            detail="\n".join([*taken[:NAMED], *more]),
            hint="give this stack another namespace, or its pipelines and services other names; "
            "or destroy the other stack first",
        )


def _managed(server: ApiServer, namespace: str, wanted: Mapping[Key, str]) -> Iterator[ClusterObject]:
    """Yields the objects of all stacks of the kinds that the plan has, with metadata only."""
    for kind in sorted({key[:2] for key in wanted} & set(server.kinds)):
        yield from server.list(server.kinds[kind], namespace, f"{MANAGED_BY}=rohe", metadata=True)


def _stack_of(found: ClusterObject) -> str:
    labels = found.labels
    project = f" of the project {labels[PROJECT]}" if PROJECT in labels else ""
    where = f" in the namespace {labels[NAMESPACE_LABEL]}" if NAMESPACE_LABEL in labels else ""
    return f"the stack {labels.get(STACK, '?')}{project}{where}"
